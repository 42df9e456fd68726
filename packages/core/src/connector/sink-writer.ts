/**
 * What goes with a record into a sink. One object is used again and again: do not keep it. @public
 */
export interface SinkRecordContext {
  /** Event time in milliseconds since 1970; `undefined`: the record has none. */
  readonly timestamp: number | undefined
}

/**
 * Writes records in a subtask. All methods are called on the task's thread, one at a time.
 *
 * At a barrier the engine calls `flush` and, in the same synchronous step, `prepareCommit` and
 * `snapshotState`, and goes on: records written after that belong to the next checkpoint. The
 * checkpoint is acknowledged when both promises have resolved. A writer that cannot take records
 * meanwhile returns a promise from `write`.
 *
 * @public
 */
export interface SinkWriter<In, Committable = unknown, WriterState = never> {
  /** Takes a record. A returned promise is backpressure: no record follows until it resolves. */
  write(value: In, context: SinkRecordContext): void | Promise<void>
  /**
   * Resolves when everything written before the call is durable in the external system (whether
   * visible or not). `endOfInput`: no record follows, but further barriers do.
   */
  flush(endOfInput: boolean): Promise<void>
  /**
   * Cuts at the call: resolves to what must be committed so that everything written since the call
   * before becomes visible. Nothing of it may be visible earlier. Must be durable when it resolves.
   */
  prepareCommit?(checkpointId: number): Promise<readonly Committable[]>
  /**
   * What a writer needs after a restore, besides the committables (which are committed by then).
   */
  snapshotState?(checkpointId: number): WriterState
  /**
   * Nothing that this writer prepared for a checkpoint before this one (exclusive) is in a
   * checkpoint that is retained: it was committed, and no commit of it will be repeated. So what
   * its preparation occupies, such as the name of a transaction, may be used again. May come late
   * or be left out.
   */
  forget?(beforeCheckpointId: number): void
  /**
   * Called last, also after a failure and while a checkpoint is prepared. Must not make anything
   * visible. Resolves when nothing of the writer is under way any more: then a later attempt may
   * start, and remove what is left.
   */
  close(): Promise<void>
}
