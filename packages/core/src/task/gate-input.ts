import { unreachable } from '../common/assert.ts'
import type { Clock } from '../common/clock.ts'
import type { RecordRun } from '../network/channel.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { InputGate } from '../network/input-gate.ts'
import type { Output } from '../network/output.ts'
import type { CheckpointBarrier, StreamEvent } from '../network/stream-element.ts'
import { WatermarkValve } from '../time/watermark-valve.ts'
import { BarrierAligner } from './barrier-aligner.ts'
import type { InputListener, StepResult, TaskInput } from './task-input.ts'

/** @internal */
export interface GateInputParts {
  readonly gate: InputGate
  readonly head: Output
  readonly flow: FlowControl
  readonly clock: Clock
  readonly listener: InputListener
}

/** Input from the channels of other tasks. @internal */
export class GateInput implements TaskInput {
  readonly #parts: GateInputParts
  readonly #valve: WatermarkValve
  readonly #aligner: BarrierAligner
  readonly #blocked = (channel: number): boolean => this.#aligner.blocks(channel)
  /** The run being processed, and how far it is. */
  #run: RecordRun | undefined
  #position = 0
  /** An event that waits until the chain is done with the records before it. */
  #event: { readonly channel: number; readonly event: StreamEvent } | undefined
  #endedChannels = 0
  #alignmentStart = 0

  constructor(parts: GateInputParts) {
    this.#parts = parts
    this.#valve = new WatermarkValve(parts.gate.channelCount, parts.head)
    this.#aligner = new BarrierAligner(parts.gate.channelCount)
  }

  step(recordsMax: number): StepResult {
    const { flow, gate } = this.#parts
    let left = recordsMax
    while (left > 0) {
      if (this.#event !== undefined) {
        if (flow.unfinished) return 'halted'
        this.#handleEvent(this.#event.channel, this.#event.event)
        this.#event = undefined
      }
      if (this.#run !== undefined) {
        if (flow.halted) return 'halted'
        left -= this.#processRun(this.#run, left)
        continue
      }
      const taken = gate.take(this.#blocked)
      if (taken === undefined) return this.#ended ? 'ended' : 'nothing'
      if (taken.element.type === 'records') this.#startRun(taken.element)
      else this.#event = { channel: taken.channel, event: taken.element }
    }
    return 'more'
  }

  get #ended(): boolean {
    return this.#endedChannels === this.#parts.gate.channelCount
  }

  #startRun(run: RecordRun): void {
    this.#run = run
    this.#position = 0
  }

  #processRun(run: RecordRun, recordsMax: number): number {
    const { head, flow, listener } = this.#parts
    const { values, timestamps } = run
    const start = this.#position
    const end = Math.min(values.length, start + recordsMax)
    let position = start
    while (position < end && !flow.halted) {
      const timestamp = timestamps[position] ?? Number.NEGATIVE_INFINITY
      const value = values[position]
      position += 1
      head.collect(value, timestamp)
    }
    this.#position = position
    if (position === values.length) this.#run = undefined
    listener.recordsProcessed(position - start)
    return position - start
  }

  #handleEvent(channel: number, event: StreamEvent): void {
    switch (event.type) {
      case 'watermark':
        return this.#valve.inputWatermark(channel, event.timestamp)
      case 'idle':
        return this.#valve.inputIdle(channel, event.idle)
      case 'barrier':
        return this.#handleBarrier(channel, event)
      case 'end-of-data':
        this.#endedChannels += 1
        return undefined
      default:
        return unreachable(event)
    }
  }

  #handleBarrier(channel: number, barrier: CheckpointBarrier): void {
    const { clock, listener } = this.#parts
    const now = clock.monotonic()
    if (barrier.checkpointId > this.#aligner.checkpointId) this.#alignmentStart = now
    if (!this.#aligner.receive(channel, barrier)) return
    listener.barrierReceived(barrier, now - this.#alignmentStart)
  }
}
