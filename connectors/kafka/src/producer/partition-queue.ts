import { assert } from '@flinkts/core/connector'
import { BatchWriter, type ProducerStamp } from '../records/batch-writer.ts'
import { sequenceAfter } from '../records/sequence.ts'
import type { ProducerOptions } from './producer-options.ts'

/** A `flush` that waits for batches. @internal */
export interface FlushWait {
  batchCount: number
  readonly done: PromiseWithResolvers<void>
}

/** The producer of a batch, without its sequence number. @internal */
export type Producer = Omit<ProducerStamp, 'baseSequence'>

/** Records of one partition that are sent together, again and again if need be. @internal */
export class PendingBatch {
  readonly writer: BatchWriter
  readonly openedAtMs: number
  readonly flushes: FlushWait[] = []
  /** When to give up; Infinity before the first attempt. */
  deadlineMs: number = Infinity
  #bytes: Buffer | undefined

  constructor(writer: BatchWriter, openedAtMs: number) {
    this.writer = writer
    this.openedAtMs = openedAtMs
  }

  /** As they are sent; every attempt sends the same. */
  get bytes(): Buffer {
    assert(this.#bytes !== undefined, 'a batch is sealed before it is sent')
    return this.#bytes
  }

  get sealed(): boolean {
    return this.#bytes !== undefined
  }

  seal(stamp: ProducerStamp): void {
    assert(this.#bytes === undefined, 'a batch is sealed once')
    this.#bytes = this.writer.finish(stamp)
  }
}

/**
 * The batches of a partition, in their order. One is open and takes records; those before it are
 * closed. Only the first is ever under way, so that order needs nothing else.
 *
 * @internal
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly closed: PendingBatch[] = []
  open: PendingBatch | undefined
  underWay = false
  /** A pause after a failure: no attempt is made before, on the clock's monotonic time. */
  pausedUntilMs: number = -Infinity
  /** Whether it was ever written to. */
  seen = false
  /** Whether the transaction has the partition. */
  added = false
  /** -1: to be found. */
  leaderId = -1
  /** Failures in a row. */
  failureCount = 0
  /** Since when the cluster says that there is no such partition, in a row. */
  missingSinceMs: number | undefined
  #sequence: number

  /** @param sequence - Of the first record. */
  constructor(topic: string, partition: number, sequence = 0) {
    this.topic = topic
    this.partition = partition
    this.#sequence = sequence
  }

  get empty(): boolean {
    return this.open === undefined && this.closed.length === 0
  }

  /** When its first batch is to be sent, on the clock's monotonic time; Infinity: it has none. */
  dueAtMs(lingerMs: number): number {
    if (this.closed.length > 0) return this.pausedUntilMs
    return this.open === undefined ? Infinity : this.open.openedAtMs + lingerMs
  }

  closeOpen(): void {
    if (this.open === undefined) return
    this.closed.push(this.open)
    this.open = undefined
  }

  /** The first batch, closed if it was open. */
  head(): PendingBatch {
    if (this.closed.length === 0) this.closeOpen()
    const batch = this.closed[0]
    assert(batch !== undefined, 'a batch is there to be sent')
    return batch
  }

  /** Gives the first batch its bytes, unless it has them. */
  sealHead(producer: Producer): PendingBatch {
    const batch = this.head()
    if (batch.sealed) return batch
    const { producerId, producerEpoch, transactional } = producer
    const baseSequence = producerId < 0 ? -1 : this.#sequence
    batch.seal({ producerId, producerEpoch, baseSequence, transactional })
    this.#sequence = sequenceAfter(this.#sequence, batch.writer.recordCount)
    return batch
  }
}

/** Writers of batches that are not in use, so that their buffers are. @internal */
export class WriterPool {
  readonly #options: ProducerOptions
  readonly #free: BatchWriter[] = []
  readonly #freeMax: number

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#freeMax = Math.ceil(options.bufferBytesMax / options.batchBytesMax)
  }

  take(): BatchWriter {
    const { compression, requestBytesMax } = this.#options
    return this.#free.pop() ?? new BatchWriter({ compression, bytesMax: requestBytesMax })
  }

  /** Those of single large records are let go, with their buffers. */
  giveBack(writer: BatchWriter): void {
    if (this.#free.length >= this.#freeMax) return
    if (writer.sizeBytes > this.#options.batchBytesMax) return
    writer.reset()
    this.#free.push(writer)
  }
}
