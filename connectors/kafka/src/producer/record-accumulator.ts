import type { Clock } from '@flinkts/core/connector'
import type { TopicMetadata } from '../protocol/metadata.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import type { BatchWriter } from '../records/batch-writer.ts'
import type { RecordHeader } from '../records/record-batch.ts'
import { type FlushWait, PartitionQueue, PendingBatch, type WriterPool } from './partition-queue.ts'
import {
  checkedPartition,
  nextStickyPartition,
  partitionOfKey,
  type ProducerRecord,
} from './partitioner.ts'
import { recordTooLarge } from './produce-errors.ts'
import type { ProducerOptions } from './producer-options.ts'

/** What the accumulator needs. @internal */
export interface AccumulatorContext {
  readonly clock: Clock
  readonly random: () => number
  readonly options: ProducerOptions
  readonly writers: WriterPool
  /** A batch took its first record. */
  readonly onOpened: (batch: PendingBatch) => void
  /** A batch is full. */
  readonly onClosed: () => void
}

interface AccumulatedTopic {
  metadata: TopicMetadata
  /** By partition; -1: nobody leads. */
  leaderIds: readonly number[]
  readonly queues: (PartitionQueue | undefined)[]
  /** Where records without key go while its batch is open; -1: to be chosen. */
  sticky: number
}

/**
 * Records that are not acknowledged, as batches by partition. Runs on the task's thread.
 *
 * @internal
 */
export class RecordAccumulator {
  /** Those that have batches. */
  readonly active: Set<PartitionQueue> = new Set()
  /** Written to, in the order of first sight. */
  readonly partitions: TopicPartition[] = []
  recordCount = 0
  readonly #context: AccumulatorContext
  readonly #options: ProducerOptions
  readonly #topics = new Map<string, AccumulatedTopic>()
  readonly #pool: WriterPool
  readonly #flushes = new Set<FlushWait>()
  /** Without records: that of the next batch, so that a record that is refused opens none. */
  #spare: BatchWriter
  #bufferedBytes = 0
  #room: PromiseWithResolvers<void> | undefined

  constructor(context: AccumulatorContext) {
    this.#context = context
    this.#options = context.options
    this.#pool = context.writers
    this.#spare = this.#pool.take()
  }

  knows(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** Takes what was found out of a topic; partitions that were chosen stay. */
  learn(metadata: TopicMetadata): void {
    const leaderIds: number[] = []
    for (const { partition, leaderId } of metadata.partitions) leaderIds[partition] = leaderId
    const known = this.#topics.get(metadata.topic)
    if (known === undefined) {
      this.#topics.set(metadata.topic, { metadata, leaderIds, queues: [], sticky: -1 })
      return
    }
    known.metadata = metadata
    known.leaderIds = leaderIds
  }

  /** @throws FlinktsError FLINKTS_KAFKA_ RECORD_TOO_LARGE, RECORD_INVALID, PARTITION_INVALID */
  append(record: ProducerRecord): void {
    const topic = this.#topics.get(record.topic) as AccumulatedTopic
    const bytesMax = recordBytesMax(record)
    let queue = this.#queueOf(topic, record)
    const { open } = queue
    if (open !== undefined && open.writer.sizeBytes + bytesMax > this.#options.batchBytesMax) {
      queue.closeOpen()
      this.#context.onClosed()
      if (this.#isSticky(record)) queue = this.#queueOf(topic, record)
    }
    const writer = queue.open === undefined ? this.#spare : queue.open.writer
    const sizeBytes = writer === this.#spare ? 0 : writer.sizeBytes
    if (!writer.append(record.key, record.value, record.headers, record.timestamp)) {
      throw recordTooLarge(record.topic, bytesMax, this.#options.requestBytesMax)
    }
    if (queue.open === undefined) this.#open(queue)
    this.#bufferedBytes += writer.sizeBytes - sizeBytes
    this.recordCount += 1
  }

  /** Undefined: there is room. Otherwise resolves when there is. */
  waitForRoom(): Promise<void> | undefined {
    if (this.#bufferedBytes < this.#options.bufferBytesMax) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** Resolves when all batches with records of before are acknowledged. */
  flush(): Promise<void> {
    const wait: FlushWait = { batchCount: 0, done: Promise.withResolvers() }
    for (const queue of this.active) {
      queue.closeOpen()
      for (const batch of queue.closed) batch.flushes.push(wait)
      wait.batchCount += queue.closed.length
    }
    if (wait.batchCount === 0) return Promise.resolve()
    this.#flushes.add(wait)
    return wait.done.promise
  }

  /** The first batch of a partition is in the log, or it is not known to be with `acks` 0. */
  acknowledge(queue: PartitionQueue): PendingBatch {
    const batch = queue.head()
    queue.closed.shift()
    if (queue.empty) this.active.delete(queue)
    this.#bufferedBytes -= batch.writer.sizeBytes
    for (const wait of batch.flushes) this.#countDown(wait)
    if (this.#bufferedBytes < this.#options.bufferBytesMax) {
      this.#room?.resolve()
      this.#room = undefined
    }
    return batch
  }

  /** The writer of a batch that is acknowledged, and counted. */
  recycle({ writer }: PendingBatch): void {
    this.#pool.giveBack(writer)
  }

  /** Drops everything; whoever waits is told why. */
  fail(cause: unknown): void {
    this.active.clear()
    this.#room?.reject(cause)
    this.#room = undefined
    for (const { done } of this.#flushes) done.reject(cause)
    this.#flushes.clear()
  }

  #countDown(wait: FlushWait): void {
    wait.batchCount -= 1
    if (wait.batchCount > 0) return
    this.#flushes.delete(wait)
    wait.done.resolve()
  }

  #isSticky(record: ProducerRecord): boolean {
    return (
      record.key === null &&
      record.partition === undefined &&
      this.#options.partitioner === undefined
    )
  }

  #queueOf(topic: AccumulatedTopic, record: ProducerRecord): PartitionQueue {
    const partition = this.#partitionOf(topic, record)
    const known = topic.queues[partition]
    if (known !== undefined) return known
    const queue = new PartitionQueue(record.topic, partition)
    topic.queues[partition] = queue
    return queue
  }

  #partitionOf(topic: AccumulatedTopic, record: ProducerRecord): number {
    const { partitioner } = this.#options
    const partitionCount = topic.leaderIds.length
    if (record.partition !== undefined) {
      return checkedPartition(record.partition, { topic: record.topic, partitionCount }, 'record')
    }
    if (partitioner !== undefined) {
      const chosen = partitioner(record, partitionCount)
      return checkedPartition(chosen, { topic: record.topic, partitionCount }, 'partitioner')
    }
    if (record.key !== null) return partitionOfKey(record.key, partitionCount)
    if (topic.queues[topic.sticky]?.open === undefined) {
      topic.sticky = nextStickyPartition(topic.leaderIds, topic.sticky, this.#context.random)
    }
    return topic.sticky
  }

  #open(queue: PartitionQueue): void {
    const batch = new PendingBatch(this.#spare, this.#context.clock.monotonic())
    this.#spare = this.#pool.take()
    queue.open = batch
    if (!queue.seen) {
      queue.seen = true
      this.partitions.push({ topic: queue.topic, partition: queue.partition })
    }
    this.active.add(queue)
    this.#context.onOpened(batch)
  }
}

/** Its lengths, deltas and attributes, each with all the bytes that it can have. */
const recordOverheadBytes = 36
const headerOverheadBytes = 10
const utf8BytesMax = 3

/** No record takes more, though most take less. */
function recordBytesMax({ key, value, headers }: ProducerRecord): number {
  let bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) bytes += headerBytesMax(header)
  return bytes
}

function headerBytesMax({ key, value }: RecordHeader): number {
  return headerOverheadBytes + key.length * utf8BytesMax + (value?.length ?? 0)
}
