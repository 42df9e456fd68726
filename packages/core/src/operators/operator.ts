import type { CheckpointNotice } from '../connector/source-event.ts'
import type { Output } from '../network/output.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { OperatorSubtaskState } from '../state/operator-state.ts'

/**
 * What an operator contributes to a checkpoint: everything is cut when `snapshot` returns.
 *
 * @internal
 */
export interface OperatorSnapshot {
  /** Resolves when it is durable. */
  readonly state: Promise<OperatorSubtaskState>
  /**
   * What a rejected `state` costs: only this checkpoint, or the task, because what was written
   * since the checkpoint before is in doubt.
   */
  readonly failure: 'decline-checkpoint' | 'fail-task'
}

/**
 * An operator in a chain. Records reach it through `collect` of its `Output` side, in order, on the
 * task's thread. Lifecycle: `open`, records, `endInput` at most once (and then no record, but still
 * snapshots), `close` always, also after a failure.
 *
 * @internal
 */
export interface Operator extends Output {
  readonly operatorId: string
  open?(): Promise<void>
  endInput?(): void
  /** At a barrier, between two records. Synchronous up to its promise. */
  snapshot?(barrier: CheckpointBarrier): OperatorSnapshot
  /** The snapshot of this checkpoint is no longer wanted. */
  abortSnapshot?(checkpointId: number): void
  /**
   * A checkpoint completed. Resolves when what it makes final is confirmed outside; may be called
   * again for the same checkpoint.
   */
  checkpointCompleted?(notice: CheckpointNotice): Promise<void>
  close?(): Promise<void>
}
