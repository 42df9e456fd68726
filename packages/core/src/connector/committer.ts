/** How a commit went. Whatever is none of these must be thrown, and fails the job. @public */
export type CommitOutcome =
  | { readonly status: 'committed' }
  /** An earlier call, maybe of an earlier attempt, had committed it. */
  | { readonly status: 'already-committed' }
  /** Nothing is known to be wrong for good: the engine calls again later. */
  | { readonly status: 'retry'; readonly cause: unknown }

/**
 * Makes prepared output visible. `commit` may be called any number of times for the same
 * committable, by any thread, in any attempt, after a crash at any point of an earlier call. For
 * one operator, committables come in the order of their checkpoints.
 *
 * @public
 */
export interface Committer<Committable> {
  /** @throws FlinktsError FLINKTS_COMMIT_REJECTED if it can never succeed. */
  commit(committable: Committable): Promise<CommitOutcome>
  /**
   * Called after commits, for the subtask whose commits this committer makes: nothing that it
   * prepared for a checkpoint before this one (exclusive) is in a checkpoint that is retained, so
   * no commit of it will be repeated. What was kept to recognise a repetition may go. If it fails,
   * the job goes on.
   */
  forget?(beforeCheckpointId: number): Promise<void>
  close(): Promise<void>
}
