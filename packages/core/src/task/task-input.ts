import type { CheckpointBarrier } from '../network/stream-element.ts'

/**
 * How a step of input went: `more` can be processed; `nothing` is there for now (the task is
 * woken); `halted` by the chain; `ended` for good.
 *
 * @internal
 */
export type StepResult = 'more' | 'nothing' | 'halted' | 'ended'

/** Where a task's records come from. Runs on the task's thread. @internal */
export interface TaskInput {
  /** Processes up to `recordsMax` records, and the events between them. */
  step(recordsMax: number): StepResult
}

/** What an input tells its task. @internal */
export interface InputListener {
  /** The barrier came in on every channel: nothing after it has been processed. */
  barrierReceived(barrier: CheckpointBarrier, alignmentMs: number): void
  recordsProcessed(count: number): void
}
