/** A committable as a checkpoint holds it. @internal */
export interface StoredCommittable {
  readonly checkpointId: number
  readonly subtask: number
  readonly version: number
  readonly bytes: Uint8Array
}

/** A writer state as a checkpoint holds it. @internal */
export interface StoredWriterState {
  readonly version: number
  readonly bytes: Uint8Array
}

/** A completed checkpoint: with the target, the only thing that outlives an attempt. @internal */
export interface StoredCheckpoint {
  /** 0: before the first. */
  readonly checkpointId: number
  /** How many batches of the workload are before it. */
  readonly batchCount: number
  /** Prepared and not known to be committed, in the order of checkpoints. */
  readonly committables: readonly StoredCommittable[]
  readonly writerStates: readonly StoredWriterState[]
}

/** What a job starts with. @internal */
export const beforeTheFirst: StoredCheckpoint = {
  checkpointId: 0,
  batchCount: 0,
  committables: [],
  writerStates: [],
}
