import { FlinktsError, type ErrorCode, type SplitOutput } from '@flinkts/core/connector'
import { type AbortedTransaction, AbortedTransactions } from '../records/aborted-transactions.ts'
import { BatchReader } from '../records/batch-reader.ts'
import type { RecordCursor } from '../records/record-cursor.ts'
import { placed } from '../runtime/source-errors.ts'
import type { KafkaSplit } from '../split.ts'
import type { KafkaRecord } from '../values/kafka-record.ts'
import type { RecordFactory } from './record-factory.ts'

/** What a fetch gave of a partition. @internal */
export interface FetchedRecords {
  /** That was asked for. */
  readonly fetchOffset: number
  /** Whole batches, and maybe the beginning of one more; none: the position moves here. */
  readonly records: Buffer
  readonly abortedTransactions: readonly AbortedTransaction[]
}

/** @internal */
export interface PartitionReaderOptions<Key, Value> {
  readonly checksums: boolean
  readonly factory: RecordFactory<Key, Value>
  /** Called when fetched bytes were read to their end: there is room for others. */
  readonly onRoom: () => void
}

/** What a poll of a partition found. @internal */
export type PartitionStatus = 'more-available' | 'nothing-available' | 'ended'

/** What the codec throws without knowing where. */
const codecErrors: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FLINKTS_KAFKA_RECORDS_INVALID',
  'FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED',
  'FLINKTS_KAFKA_BATCH_TOO_LARGE',
])

/**
 * Emits the records of a partition out of what was fetched, in the order of their offsets. Its
 * position is exact to the record, also in the middle of a batch, and passes over what is not
 * emitted: control batches, aborted transactions, what compaction left empty. Runs on the task's
 * thread; decodes only when it is polled.
 *
 * @internal
 */
export class PartitionReader<Key, Value> {
  readonly split: KafkaSplit
  readonly #options: PartitionReaderOptions<Key, Value>
  readonly #batches: BatchReader
  readonly #aborted = new AbortedTransactions()
  /** Bounded by the credit of the partition. */
  readonly #queue: FetchedRecords[] = []
  #current: FetchedRecords | undefined
  #cursor: RecordCursor | undefined
  #bufferedBytes = 0
  #nextOffset: number
  #leaderEpoch: number

  constructor(split: KafkaSplit, options: PartitionReaderOptions<Key, Value>) {
    this.split = split
    this.#options = options
    this.#batches = new BatchReader({ checksums: options.checksums })
    this.#nextOffset = split.nextOffset
    this.#leaderEpoch = split.leaderEpoch
  }

  /** Of the next record to emit (inclusive). */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Of what was fetched and not yet read to its end. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Whether the position has reached the stop offset. */
  get ended(): boolean {
    const { stopOffset } = this.split
    return stopOffset !== undefined && this.#nextOffset >= stopOffset
  }

  /** Whether a poll would find something. */
  get ready(): boolean {
    return this.#current !== undefined || this.#queue.length > 0 || this.ended
  }

  push(fetched: FetchedRecords): void {
    this.#queue.push(fetched)
    this.#bufferedBytes += fetched.records.length
  }

  /** The split with its current position. */
  snapshot(): KafkaSplit {
    return { ...this.split, nextOffset: this.#nextOffset, leaderEpoch: this.#leaderEpoch }
  }

  /**
   * Emits until there is nothing more or the output wants no more.
   *
   * @throws FlinktsError FLINKTS_KAFKA_ RECORDS_INVALID, RECORD_FORMAT_UNSUPPORTED,
   * BATCH_TOO_LARGE, RECORD_NOT_DESERIALIZABLE
   */
  poll(output: SplitOutput<KafkaRecord<Key, Value>>): PartitionStatus {
    const { topic, partition } = this.split
    this.#options.factory.begin(topic, partition)
    try {
      return this.#poll(output)
    } catch (error) {
      if (!(error instanceof FlinktsError) || !codecErrors.has(error.code)) throw error
      throw placed(error, { topic, partition, offset: this.#nextOffset })
    }
  }

  #poll(output: SplitOutput<KafkaRecord<Key, Value>>): PartitionStatus {
    while (!this.ended) {
      this.#cursor ??= this.#nextBatch()
      if (this.#cursor === undefined) break
      if (!this.#emit(this.#cursor, output)) return 'more-available'
      this.#cursor = undefined
    }
    return this.ended ? 'ended' : 'nothing-available'
  }

  /** @returns whether the batch is done; otherwise the output wants no more for now. */
  #emit(cursor: RecordCursor, output: SplitOutput<KafkaRecord<Key, Value>>): boolean {
    const { factory } = this.#options
    const { timestampType } = this.#batches
    const stopOffset = this.split.stopOffset ?? Number.POSITIVE_INFINITY
    while (cursor.next()) {
      const { offset } = cursor
      if (offset < this.#nextOffset) continue
      if (offset >= stopOffset) {
        this.#nextOffset = stopOffset
        return true
      }
      const more = factory.emit(cursor, timestampType, output)
      this.#nextOffset = offset + 1
      if (!more) return false
    }
    this.#passBatch()
    return true
  }

  /** The records of the next batch that has any to emit. */
  #nextBatch(): RecordCursor | undefined {
    while (!this.ended && this.#begin()) {
      if (!this.#batches.nextBatch()) {
        this.#release()
        continue
      }
      // Asked of every batch: control batches end what it remembers.
      const aborted = this.#aborted.isAborted(this.#batches)
      this.#leaderEpoch = this.#batches.partitionLeaderEpoch
      if (!aborted && !this.#batches.isControl && this.#batches.nextOffset > this.#nextOffset) {
        return this.#batches.records()
      }
      this.#passBatch()
    }
    return undefined
  }

  #begin(): boolean {
    if (this.#current !== undefined) return true
    const next = this.#queue.shift()
    if (next === undefined) return false
    this.#current = next
    this.#nextOffset = next.fetchOffset
    this.#batches.reset(next.records)
    this.#aborted.reset(next.abortedTransactions)
    return true
  }

  /** A batch that is asked for again from its middle may end before the position. */
  #passBatch(): void {
    if (this.#batches.nextOffset > this.#nextOffset) this.#nextOffset = this.#batches.nextOffset
  }

  #release(): void {
    this.#bufferedBytes -= this.#current?.records.length ?? 0
    this.#current = undefined
    this.#options.onRoom()
  }
}
