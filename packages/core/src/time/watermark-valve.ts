import { defined } from '../common/assert.ts'
import { noWatermark } from './watermark.ts'

/** What the valve lets through; called synchronously. @internal */
export interface WatermarkValveOutput {
  emitWatermark(timestamp: number): void
  emitIdle(idle: boolean): void
}

interface ChannelStatus {
  watermark: number
  idle: boolean
  /** Whether the channel has caught up with what was emitted; only aligned ones hold it back. */
  aligned: boolean
}

/**
 * Combines the watermarks and idleness of the channels of a task. What it emits only grows.
 * (Flink: StatusWatermarkValve.)
 *
 * @internal
 */
export class WatermarkValve {
  readonly #channels: readonly ChannelStatus[]
  readonly #output: WatermarkValveOutput
  #emitted = noWatermark
  #idle = false

  constructor(channelCount: number, output: WatermarkValveOutput) {
    this.#channels = Array.from({ length: channelCount }, () => ({
      watermark: noWatermark,
      idle: false,
      aligned: true,
    }))
    this.#output = output
  }

  inputWatermark(channel: number, timestamp: number): void {
    const status = this.#channel(channel)
    if (status.idle || timestamp <= status.watermark) return
    status.watermark = timestamp
    if (!status.aligned && timestamp >= this.#emitted) status.aligned = true
    this.#emitMinimum()
  }

  inputIdle(channel: number, idle: boolean): void {
    const status = this.#channel(channel)
    if (status.idle === idle) return
    status.idle = idle
    if (idle) this.#becameIdle(status)
    else this.#becameActive(status)
  }

  #becameIdle(status: ChannelStatus): void {
    status.aligned = false
    if (this.#channels.some((channel) => !channel.idle)) {
      if (status.watermark === this.#emitted) this.#emitMinimum()
      return
    }
    if (status.watermark === this.#emitted) this.#emitMaximum()
    this.#idle = true
    this.#output.emitIdle(true)
  }

  #becameActive(status: ChannelStatus): void {
    status.aligned = status.watermark >= this.#emitted
    if (!this.#idle) return
    this.#idle = false
    this.#output.emitIdle(false)
  }

  #emitMinimum(): void {
    let minimum = Infinity
    let aligned = 0
    for (const channel of this.#channels) {
      if (!channel.aligned) continue
      aligned += 1
      minimum = Math.min(minimum, channel.watermark)
    }
    if (aligned > 0) this.#emit(minimum)
  }

  #emitMaximum(): void {
    this.#emit(Math.max(...this.#channels.map((channel) => channel.watermark)))
  }

  #emit(timestamp: number): void {
    if (timestamp <= this.#emitted) return
    this.#emitted = timestamp
    this.#output.emitWatermark(timestamp)
  }

  #channel(index: number): ChannelStatus {
    return defined(this.#channels[index], 'the channel exists')
  }
}
