import { assert, delay } from '@flinkts/core/connector'
import type { Clock, FlinktsError, Scheduler } from '@flinkts/core/connector'
import { isTransient } from '../cluster/retry.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import { backoffMs } from '../runtime/backoff.ts'
import { topicMissing, topicProblem } from '../runtime/topic-errors.ts'
import type { ProducerRecord } from './partitioner.ts'
import { WriterPool } from './partition-queue.ts'
import { producerClosed } from './produce-errors.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import type { ProducerOptions } from './producer-options.ts'
import { RecordAccumulator } from './record-accumulator.ts'
import {
  missingAfterMs,
  produceBackoff,
  type ProducerCluster,
  type ProducerSession,
  Sender,
} from './sender.ts'

export type { ProducerRecord } from './partitioner.ts'
export { createProducerMetrics, type ProducerMetrics } from './producer-metrics.ts'
export { WriterPool } from './partition-queue.ts'
export type { ProducerOptions } from './producer-options.ts'
export type { ProducerCluster, ProducerSession } from './sender.ts'

/** What a producer is made of. @internal */
export interface ProducerParts {
  readonly cluster: ProducerCluster
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** A number from 0 (inclusive) to 1 (exclusive): pauses, and partitions without a key. */
  readonly random: () => number
  readonly options: ProducerOptions
  /** Nothing is sent before; if it rejects, so do `write` and `flush`. */
  readonly session: Promise<ProducerSession>
  readonly metrics: ProducerMetrics
  /** Shared by producers that follow each other; of this one alone unless given. */
  readonly writers?: WriterPool
}

/**
 * Records in, acknowledged batches out, for one session: a transaction, or a writer without one.
 * Records of a partition keep their order; what is sent again is the same bytes, so that with an
 * identity each record is in the log once. A failure ends the producer: every later `write` and
 * `flush` tells it. Runs on the task's thread.
 *
 * @internal
 */
export class KafkaProducer {
  readonly #parts: ProducerParts
  readonly #batches: RecordAccumulator
  readonly #sender: Sender
  readonly #closing = new AbortController()
  #failure: { readonly cause: unknown } | undefined
  /** A `write` whose topic is being looked up. */
  #finding: Promise<void> | undefined
  #closed: Promise<void> | undefined

  constructor(parts: ProducerParts) {
    const { options } = parts
    assert(options.batchBytesMax <= options.requestBytesMax, 'a request has room for a batch')
    this.#parts = parts
    this.#batches = new RecordAccumulator({
      ...parts,
      writers: parts.writers ?? new WriterPool(options),
      onOpened: (batch) => this.#sender.linger(batch),
      onClosed: () => this.#sender.wake(),
    })
    this.#sender = new Sender({ ...parts, onFailure: (cause) => this.#fail(cause) }, this.#batches)
    parts.session.then(
      (session) => this.#start(session),
      (cause: unknown) => this.#fail(cause),
    )
  }

  /** Written since construction. */
  get recordCount(): number {
    return this.#batches.recordCount
  }

  /** Written to, in the order of first sight. */
  get partitions(): readonly TopicPartition[] {
    return this.#batches.partitions
  }

  /**
   * Takes a record, of which it keeps nothing that the caller owns once it has returned or
   * resolved. The next record is written when this has resolved.
   *
   * @returns a promise while the buffer is full or the topic is being looked up
   * @throws FlinktsError the failure of anything before, or FLINKTS_KAFKA_ RECORD_TOO_LARGE,
   * RECORD_INVALID, PARTITION_INVALID, TOPIC_MISSING, PERMISSION_DENIED
   */
  write(record: ProducerRecord): void | Promise<void> {
    this.#throwIfFailed()
    if (this.#batches.knows(record.topic)) {
      this.#batches.append(record)
      return this.#batches.waitForRoom()
    }
    assert(this.#finding === undefined, 'a record is written when the one before was')
    this.#finding = this.#writeToNewTopic(record)
    return this.#finding
  }

  /**
   * Resolves when all records written before are acknowledged.
   *
   * @throws FlinktsError the failure of anything before
   */
  async flush(): Promise<void> {
    if (this.#finding !== undefined) await this.#finding
    this.#throwIfFailed()
    const flushed = this.#batches.flush()
    this.#sender.wake()
    await flushed
  }

  /**
   * Drops what is not sent; resolves when no request is under way, which takes no longer than the
   * timeout of a request. Idempotent; never rejects.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#fail(producerClosed())
    this.#closing.abort()
    await this.#finding?.catch(() => undefined)
    await this.#sender.settled()
  }

  #start(session: ProducerSession): void {
    const { acks } = this.#parts.options
    assert(acks === -1 || session.identity === undefined, 'idempotence needs all replicas')
    if (this.#failure === undefined) this.#sender.start(session)
  }

  async #writeToNewTopic(record: ProducerRecord): Promise<void> {
    try {
      await this.#findTopic(record.topic)
      this.#throwIfFailed()
      this.#batches.append(record)
    } catch (cause) {
      this.#fail(cause)
      throw cause
    } finally {
      this.#finding = undefined
    }
    await this.#batches.waitForRoom()
  }

  async #findTopic(topic: string): Promise<void> {
    const { clock, scheduler, random, options } = this.#parts
    const startMs = clock.monotonic()
    for (let failureCount = 1; ; failureCount++) {
      const error = await this.#lookUp(topic)
      this.#throwIfFailed()
      if (error === undefined) return
      const pauseMs = backoffMs(produceBackoff, failureCount, random)
      const triedMs = clock.monotonic() - startMs
      if (error.code === 'FLINKTS_KAFKA_TOPIC_MISSING' && triedMs >= missingAfterMs) throw error
      if (triedMs + pauseMs >= options.deliveryTimeoutMs) throw error
      await delay(scheduler, pauseMs, this.#closing.signal)
    }
  }

  /** @returns an error that may pass */
  async #lookUp(topic: string): Promise<FlinktsError | undefined> {
    const { metadata } = this.#parts.cluster
    try {
      const [found] = await metadata.topics([topic], this.#closing.signal)
      if (found === undefined) return topicMissing(topic)
      const problem = topicProblem(found)
      if (problem !== undefined && !mayPass(problem)) throw problem
      if (found.partitions.length === 0) return problem ?? topicMissing(topic)
      this.#batches.learn(found)
      return undefined
    } catch (error) {
      this.#throwIfFailed()
      if (isTransient(error)) return error
      throw error
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.cause
  }

  #fail(cause: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { cause }
    this.#sender.stop()
    this.#batches.fail(cause)
  }
}

/** A broker that starts does not know all topics yet. */
function mayPass(problem: FlinktsError): boolean {
  return problem.code === 'FLINKTS_KAFKA_TOPIC_MISSING' || isTransient(problem)
}
