import type { ConnectorContext } from './context.ts'
import type { CheckpointNotice, SourceEvent } from './source-event.ts'
import type { SourceSplit } from './source-split.ts'

/** What an enumerator can do. Calls after `close` do nothing. @public */
export interface SplitEnumeratorContext<Split extends SourceSplit> extends ConnectorContext {
  /** The number of readers. */
  readonly parallelism: number
  /** Hands a split to a reader; from then on it lives in the reader's checkpoints. */
  assignSplit(split: Split, subtask: number): void
  /** The reader will get no further split: when it is done with those it has, its input ends. */
  signalNoMoreSplits(subtask: number): void
  sendSourceEvent(subtask: number, event: SourceEvent): void
  /**
   * Fails the job with `cause`. For background work, which has no caller to throw to.
   */
  fail(cause: unknown): void
}

/**
 * Discovers splits and hands them out. One an operator, on the coordinator's thread; the engine
 * calls one method at a time, and awaits `start` and `close` only.
 *
 * Order: the factory, `start`, `addReader` once for every subtask, then any other; `close` last,
 * also after a failure. A restored split is given back to a reader by the engine, not by the
 * enumerator: `restored` holds only what was not yet assigned.
 *
 * @public
 */
export interface SplitEnumerator<Split extends SourceSplit, State> {
  /** Opens connections, plans. Rejecting fails the job. */
  start(): Promise<void>
  /** A reader is there; `restoredSplits` are the splits that it brings from the checkpoint. */
  addReader(subtask: number, restoredSplits: readonly Split[]): void
  /** A reader wants a split. Answer now or later with `assignSplit` or `signalNoMoreSplits`. */
  handleSplitRequest(subtask: number): void
  handleSourceEvent?(subtask: number, event: SourceEvent): void
  /**
   * The state as of now; synchronous, so that it is consistent with the assignments made so far.
   */
  snapshotState(checkpointId: number): State
  /** See `CheckpointNotice`. Must not throw. */
  notifyCheckpointComplete?(notice: CheckpointNotice): void
  close(): Promise<void>
}
