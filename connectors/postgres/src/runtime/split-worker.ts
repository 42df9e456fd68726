import type { SplitOutput } from '@flinkts/core/connector'
import type { Change } from '../records/change.ts'
import type { PollStatus } from '../protocol/replication-stream.ts'
import type { PostgresSplit } from '../split.ts'

/**
 * Reads one split of a reader: I/O goes on in the background, and calls `wake` when `poll` is worth
 * a call. Runs on the task's thread.
 *
 * @internal
 */
export interface SplitWorker {
  readonly splitId: string
  /**
   * Emits what is there, without waiting. `ended`: the split is done. Throws what ended the
   * background I/O for good.
   */
  poll(output: SplitOutput<Change>): PollStatus
  /** The split with its current position. */
  snapshot(checkpointId: number): PostgresSplit
  /** Idempotent; never rejects. */
  close(): Promise<void>
}
