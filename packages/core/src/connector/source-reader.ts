import type { OutputTag } from '../common/output-tag.ts'
import type { SubtaskContext } from './context.ts'
import type { CheckpointNotice, SourceEvent } from './source-event.ts'
import type { SourceSplit } from './source-split.ts'

/** What a reader can do. @public */
export interface SourceReaderContext extends SubtaskContext {
  /** Asks the enumerator for one split. */
  requestSplit(): void
  sendSourceEvent(event: SourceEvent): void
}

/** Where a reader emits; one output a split, so that watermarks are kept per split. @public */
export interface SourceOutput<Out> {
  /** The output of a split; the same object on every call until it is released. */
  forSplit(splitId: string): SplitOutput<Out>
  /** The split is done: its watermark no longer counts. */
  releaseSplit(splitId: string): void
}

/** @public */
export interface SplitOutput<Out> {
  /**
   * Emits a record. Advance the split's position in the same synchronous step: a checkpoint may be
   * taken as soon as `pollNext` returns.
   *
   * @param timestamp - Event time in milliseconds since 1970; absent: the record has none.
   * @returns whether `pollNext` may emit more before it returns. On false: return soon (records
   * emitted all the same are not lost, but stretch the memory and the latency of checkpoints).
   */
  collect(value: Out, timestamp?: number): boolean
  /**
   * The same to a side output of the source, see `DataStream.sideOutput`: for what is no record of
   * the stream, such as bytes that could not be read. It has the timestamp that is given, whatever
   * the watermark strategy says. Whoever emits there names the tag in `Source.sideOutputs`.
   */
  collectSide<Side>(tag: OutputTag<Side>, value: Side, timestamp?: number): boolean
  /** No record with a timestamp <= `timestamp` follows in this split. */
  emitWatermark(timestamp: number): void
  /** The split does not hold back the watermark until it emits again. */
  markIdle(): void
}

/** What `pollNext` found. @public */
export type InputStatus = 'more-available' | 'nothing-available' | 'end-of-input'

/**
 * Reads splits in a subtask. All methods are called on the task's thread, one at a time; I/O goes
 * on in the background between them. Order: the factory, `addSplits` with restored splits (if any),
 * `start`, then any; `close` last, also after a failure and in the middle of anything.
 *
 * @public
 */
export interface SourceReader<Out, Split extends SourceSplit> {
  start(): void
  /**
   * Emits what is buffered, without waiting. Called again after `more-available`; after
   * `nothing-available` once `available()` resolves; never after `end-of-input`, which is legal
   * only after `notifyNoMoreSplits` when every split is done. Throws what the background I/O threw.
   */
  pollNext(output: SourceOutput<Out>): InputStatus
  /**
   * Resolves when `pollNext` is worth a call (also when it would throw). Never rejects. The engine
   * may poll earlier, after a checkpoint for instance, and waits for the same promise further on:
   * a poll does not make up for one that was given away.
   */
  available(): Promise<void>
  addSplits(splits: readonly Split[]): void
  notifyNoMoreSplits(): void
  handleSourceEvent?(event: SourceEvent): void
  /**
   * From now on emits nothing of the splits `pause` until they are in `resume`; what is paused
   * alone makes `pollNext` return `nothing-available`, and resuming makes `available()` resolve. A
   * split is in one of both at most, and may be finished already. A reader without this method
   * takes part in watermark alignment with one split at a time: it is not polled instead.
   */
  pauseOrResumeSplits?(pause: readonly string[], resume: readonly string[]): void
  /**
   * Every split of this reader with its current position: all that was emitted is before it, all
   * that was not emitted is after it. Synchronous. The splits must not change afterwards.
   */
  snapshotState(checkpointId: number): readonly Split[]
  /** See `CheckpointNotice`. Must not throw. */
  notifyCheckpointComplete?(notice: CheckpointNotice): void
  close(): Promise<void>
}
