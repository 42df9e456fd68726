import type { Key } from '../state/key.ts'

/**
 * Stands for records that were put together by key before they were sent: parallel arrays. Their
 * timestamp is one that all of the records could have had.
 *
 * @internal
 */
export interface CombinedBatch {
  readonly keys: Key[]
  /** What the records of each key were put together to; the receiver may change it. */
  readonly contents: unknown[]
  /** How many records that are; >= 1. */
  readonly counts: number[]
}

/** What a combiner sends of one key. @internal */
export interface CombinedRecords {
  readonly key: Key
  readonly contents: unknown
  readonly count: number
}

/** Where a combiner sends to. @internal */
export interface CombinedOutput {
  /** Sends it soon: together with others, and before the next watermark or event. */
  send(records: CombinedRecords, timestamp: number): void
  /** Sends at once all that waits for others. */
  release(): void
}

/**
 * Puts records of one key together, so that fewer are sent. It holds them back meanwhile, and is
 * told when it must not any longer; so it is in no checkpoint. Runs on the sender's thread.
 *
 * @internal
 */
export interface RecordCombiner {
  add(value: unknown, timestamp: number): void
  /** Sends what this watermark must not overtake. */
  advanceTo(watermark: number): void
  /** Sends all that it holds. */
  flush(): void
}

/** Makes the combiner of one output. @internal */
export type CreateCombiner = (output: CombinedOutput) => RecordCombiner
