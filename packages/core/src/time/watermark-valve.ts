import { defined } from '../common/assert.ts'
import { endOfTime, noWatermark } from './watermark.ts'

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
 * Combines the watermarks and idleness of the channels of a task. What it emits only grows. A
 * channel that has come to the end of time no longer counts; when all have come to it, so has the
 * whole. So time does not end while a channel is only idle: whatever it brings later would be late.
 * (Flink: StatusWatermarkValve, but for the end of time; the same in `CombinedWatermark`.)
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
    const last = status.watermark === this.#emitted
    status.watermark = timestamp
    if (!status.aligned && timestamp >= this.#emitted) status.aligned = true
    if (timestamp === endOfTime) this.#countsNoLonger(last)
    else this.#emitMinimum()
  }

  inputIdle(channel: number, idle: boolean): void {
    const status = this.#channel(channel)
    if (status.idle === idle || hasEnded(status)) return
    status.idle = idle
    if (idle) this.#becameIdle(status)
    else this.#becameActive(status)
  }

  #becameIdle(status: ChannelStatus): void {
    status.aligned = false
    this.#countsNoLonger(status.watermark === this.#emitted)
  }

  /** `last`: the channel was one of those that held the others back. */
  #countsNoLonger(last: boolean): void {
    if (this.#channels.every(hasEnded)) {
      this.#emit(endOfTime)
      return
    }
    if (this.#channels.some((channel) => !channel.idle && !hasEnded(channel))) {
      if (last) this.#emitMinimum()
      return
    }
    if (last) this.#emitMaximum()
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
      if (!channel.aligned || hasEnded(channel)) continue
      aligned += 1
      minimum = Math.min(minimum, channel.watermark)
    }
    if (aligned > 0) this.#emit(minimum)
  }

  #emitMaximum(): void {
    const open = this.#channels.filter((channel) => !hasEnded(channel))
    this.#emit(Math.max(...open.map((channel) => channel.watermark)))
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

function hasEnded({ watermark }: ChannelStatus): boolean {
  return watermark === endOfTime
}
