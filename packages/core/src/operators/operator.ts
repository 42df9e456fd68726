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
 * The life of an operator: `open`, records, `endInput` until it is done with the end (and then no
 * record, but still snapshots), `close` always, also after a failure. Everything runs on the task's
 * thread.
 *
 * @internal
 */
export interface OperatorLifecycle {
  readonly operatorId: string
  open?(): Promise<void>
  /**
   * Every record and the last watermark have come. False: something is still under way inside; it
   * is called again after something ran on the task. Once done, the operator emits nothing more.
   */
  endInput?(): boolean
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

/** An operator in a chain: records reach it through its `Output` side, in order. @internal */
export interface Operator extends OperatorLifecycle, Output {
  /** Where records enter instead that were combined on the way; see `OperatorDefinition`. */
  readonly combined?: Output
}

/** An operator with two inputs, which share its state; between them there is no order. @internal */
export interface TwoInputOperator extends OperatorLifecycle {
  readonly inputs: readonly [first: Output, second: Output]
}
