import type { SinkRecordContext, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import {
  createProducerMetrics,
  type ProducerParts,
  WriterPool,
} from '../producer/kafka-producer.ts'
import type { KafkaCommittable } from './committable.ts'
import { knownIds, lingeringOf } from './lingering-transactions.ts'
import type { ResolvedKafkaSinkOptions } from './options.ts'
import { RecordEncoder } from './record-encoder.ts'
import { type ReservedId, Transaction } from './transaction.ts'
import { TransactionSlots } from './transaction-slots.ts'
import { transactionalIdOf } from './transactional-id.ts'

/** The transactions that hold records in memory: one that is flushed, and the current one. */
const bufferedTransactions = 2

/**
 * Writes each checkpoint's records in a transaction of its own, each with its own epoch. At a
 * barrier the current transaction is cut off, and the next one, whose epoch was asked for before,
 * collects records at once. Each has half of the buffer; a third one waits until the first is
 * flushed. Runs on the task's thread.
 *
 * @internal
 */
export class ExactlyOnceWriter<In> implements SinkWriter<In, KafkaCommittable> {
  readonly #options: ResolvedKafkaSinkOptions<In>
  readonly #context: SubtaskContext
  readonly #cluster: KafkaCluster
  readonly #encoder: RecordEncoder<In>
  readonly #producer: Omit<ProducerParts, 'cluster' | 'session'>
  readonly #slots = new TransactionSlots()
  readonly #closing = new AbortController()
  /** Not prepared yet, the current one last. */
  readonly #transactions: Transaction[] = []
  readonly #preparing = new Set<Promise<unknown>>()
  #current: Transaction
  #spare: ReservedId
  /** Of the transaction before the current one. */
  #previousFlushed: Promise<void> = Promise.resolve()
  #flushingCount = 0
  #pendingWrite: void | Promise<void> = undefined

  private constructor(
    options: ResolvedKafkaSinkOptions<In>,
    context: SubtaskContext,
    cluster: KafkaCluster,
  ) {
    const { clock, scheduler, metrics } = context
    const { bufferBytesMax } = options.producer
    this.#options = options
    this.#context = context
    this.#cluster = cluster
    this.#encoder = new RecordEncoder(options, clock)
    this.#producer = {
      clock,
      scheduler,
      // Pauses, and partitions of records without key: nothing that a checkpoint depends on.
      random: () => Math.random(),
      options: {
        ...options.producer,
        bufferBytesMax: Math.ceil(bufferBytesMax / bufferedTransactions),
      },
      metrics: createProducerMetrics(metrics),
      writers: new WriterPool(options.producer),
    }
    this.#current = this.#open(this.#reserve())
    this.#spare = this.#reserve()
    metrics.gauge('openTransactions', () => this.#transactions.length)
    metrics.gauge('pendingTransactions', () => this.#slots.preparedCount)
    metrics.gauge('oldestTransactionAgeMs', () => this.#oldestAgeMs())
  }

  /**
   * Ends what earlier attempts left open, whose prepared transactions are all committed by now.
   *
   * @param cluster - Closed by the writer, also if it cannot be opened.
   */
  static async open<In>(
    options: ResolvedKafkaSinkOptions<In>,
    context: SubtaskContext,
    cluster: KafkaCluster,
  ): Promise<ExactlyOnceWriter<In>> {
    try {
      await cluster.metadata.refresh([])
      await endLingering(options, context, cluster)
      const writer = new ExactlyOnceWriter(options, context, cluster)
      try {
        await Promise.all([writer.#current.reserved.identity, writer.#spare.identity])
      } catch (error) {
        await writer.close()
        throw error
      }
      return writer
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  write(value: In, context: SinkRecordContext): void | Promise<void> {
    const record = this.#encoder.encode(value, context)
    const current = this.#current
    current.recordCount += 1
    current.startedAtMs ??= this.#context.clock.now()
    const written =
      this.#flushingCount < bufferedTransactions
        ? current.producer.write(record)
        : this.#previousFlushed.then(() => current.producer.write(record))
    this.#pendingWrite = written
    return written
  }

  async flush(): Promise<void> {
    const { producer } = this.#current
    if (this.#pendingWrite !== undefined) await this.#pendingWrite
    await producer.flush()
  }

  prepareCommit(checkpointId: number): Promise<readonly KafkaCommittable[]> {
    if (this.#current.recordCount === 0) return Promise.resolve([])
    const prepared = this.#cut(checkpointId)
    this.#preparing.add(prepared)
    return prepared.finally(() => this.#preparing.delete(prepared))
  }

  forget(beforeCheckpointId: number): void {
    this.#slots.forget(beforeCheckpointId)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const closed = Promise.all(this.#transactions.map((one) => one.producer.close()))
    await Promise.allSettled([closed, ...this.#preparing])
    const open = await Promise.all(this.#transactions.map((one) => one.close()))
    const cause = open.find((one) => one !== undefined)
    if (cause !== undefined) {
      const { operatorId, logger } = this.#context
      logger.warn('a Kafka transaction may be open until the next start', { operatorId, cause })
    }
    await this.#cluster.close()
  }

  /** Everything up to the first `await` happens at the barrier. */
  async #cut(checkpointId: number): Promise<readonly KafkaCommittable[]> {
    const cut = this.#current
    const flushed = this.flush()
    this.#flushingCount += 1
    const settled = (): void => {
      this.#flushingCount -= 1
    }
    flushed.then(settled, settled)
    this.#previousFlushed = flushed
    this.#pendingWrite = undefined
    this.#current = this.#open(this.#spare)
    this.#spare = this.#reserve()
    const committable = await cut.prepare(checkpointId, flushed)
    this.#slots.prepare(cut.reserved.slot, committable, checkpointId)
    this.#transactions.splice(this.#transactions.indexOf(cut), 1)
    return [committable]
  }

  #open(reserved: ReservedId): Transaction {
    const { transactionalIdPrefix: prefix, transactionTimeoutMs } = this.#options
    const { jobId, subtask } = this.#context
    const transaction = new Transaction({
      cluster: this.#cluster,
      producer: this.#producer,
      reserved,
      previousFlushed: this.#previousFlushed,
      markerGroupId: `${prefix}-commits-${jobId}-${subtask}`,
      timeoutMs: transactionTimeoutMs,
      signal: this.#closing.signal,
    })
    this.#transactions.push(transaction)
    return transaction
  }

  /** Takes a slot, and asks for its next epoch. */
  #reserve(): ReservedId {
    const { transactionalIdPrefix: prefix, transactionTimeoutMs } = this.#options
    const { slot, expected } = this.#slots.take()
    const { jobId, attempt, subtask } = this.#context
    const transactionalId = transactionalIdOf(prefix, { jobId, attempt, subtask, slot })
    const { signal } = this.#closing
    const request = { transactionTimeoutMs, expected }
    const { transactions } = this.#cluster
    const identity = transactions.initProducerId(transactionalId, request, { signal })
    // Told by the transaction that uses it.
    identity.catch(() => undefined)
    return { slot, transactionalId, identity }
  }

  #oldestAgeMs(): number {
    const startedAtMs = this.#transactions[0]?.startedAtMs
    return startedAtMs === undefined ? 0 : this.#context.clock.now() - startedAtMs
  }
}

async function endLingering(
  options: Pick<
    ResolvedKafkaSinkOptions<never>,
    'abortLingering' | 'transactionalIdPrefix' | 'transactionTimeoutMs'
  >,
  context: SubtaskContext,
  cluster: KafkaCluster,
): Promise<void> {
  const { abortLingering, transactionalIdPrefix: prefix, transactionTimeoutMs } = options
  const { ids, ofOthers } = lingeringOf(await knownIds(cluster, prefix), context)
  const ofAll = abortLingering === 'prefix' ? [...ids, ...ofOthers] : ids
  const request = { transactionTimeoutMs }
  await Promise.all(ofAll.map((id) => cluster.transactions.initProducerId(id, request)))
  if (ofAll.length > ids.length || ofOthers.length === 0) return
  const { operatorId, logger } = context
  logger.warn(
    'another job with the same "transactionalIdPrefix" has open transactions, for which ' +
      'consumers wait: if it will not run again set "abortLingering" to "prefix", or wait for ' +
      'their timeout',
    { operatorId, transactionalIds: ofOthers },
  )
}
