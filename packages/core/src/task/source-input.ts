import type { FlowControl } from '../network/flow-control.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { SourceOperator } from '../operators/source.ts'
import type { InputListener, StepResult, TaskInput } from './task-input.ts'

/** @internal */
export interface SourceInputParts {
  readonly source: Pick<SourceOperator, 'poll' | 'available'>
  readonly flow: FlowControl
  readonly listener: InputListener
  /** Called when `step` is worth a call after it said `nothing`. */
  readonly onAvailable: () => void
}

/** Input from a source reader; barriers come as triggers from the coordinator. @internal */
export class SourceInput implements TaskInput {
  readonly #parts: SourceInputParts
  #trigger: CheckpointBarrier | undefined
  #lastCheckpointId = 0
  #status: 'reading' | 'ended' | 'stopped' = 'reading'
  #waiting = false

  constructor(parts: SourceInputParts) {
    this.#parts = parts
  }

  /** Whether a checkpoint is triggered, and not yet taken. */
  get triggered(): boolean {
    return this.#trigger !== undefined
  }

  /** A repeated or outdated trigger is ignored. */
  trigger(barrier: CheckpointBarrier): void {
    if (barrier.checkpointId <= this.#lastCheckpointId) return
    this.#lastCheckpointId = barrier.checkpointId
    this.#trigger = barrier
  }

  step(recordsMax: number): StepResult {
    const { flow } = this.#parts
    if (this.#trigger !== undefined) {
      if (flow.unfinished) return 'halted'
      this.#takeCheckpoint(this.#trigger)
    }
    if (this.#status === 'stopped') return 'nothing'
    if (flow.halted) return 'halted'
    return this.#status === 'ended' ? 'ended' : this.#poll(recordsMax)
  }

  #takeCheckpoint(barrier: CheckpointBarrier): void {
    this.#trigger = undefined
    if (barrier.kind === 'stop') this.#status = 'stopped'
    this.#parts.listener.barrierReceived(barrier, 0)
  }

  #poll(recordsMax: number): StepResult {
    const { source, listener } = this.#parts
    const { status, records } = source.poll(recordsMax)
    listener.recordsProcessed(records)
    if (status === 'more-available') return 'more'
    if (status === 'nothing-available') return this.#wait()
    this.#status = 'ended'
    // A record of the last poll may still be on its way through the chain.
    return 'more'
  }

  #wait(): StepResult {
    if (this.#waiting) return 'nothing'
    this.#waiting = true
    void this.#parts.source.available().then(() => {
      this.#waiting = false
      this.#parts.onAvailable()
    })
    return 'nothing'
  }
}
