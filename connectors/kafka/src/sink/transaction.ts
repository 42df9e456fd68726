import { assert } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import {
  KafkaProducer,
  type ProducerCluster,
  type ProducerParts,
} from '../producer/kafka-producer.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import type { TransactionReference } from '../protocol/transaction-reference.ts'
import type { KafkaCommittable } from './committable.ts'

/** A transactional id that was taken, and its epoch as soon as it is known. @internal */
export interface ReservedId {
  readonly slot: number
  readonly transactionalId: string
  readonly identity: Promise<ProducerIdentity>
}

/** What of a cluster a transaction needs. */
interface TransactionCluster extends ProducerCluster {
  readonly metadata: ProducerCluster['metadata'] & Pick<KafkaCluster['metadata'], 'clusterId'>
  readonly transactions: Pick<
    KafkaCluster['transactions'],
    'addPartitions' | 'addOffsets' | 'commitOffsets' | 'end'
  >
}

/** @internal */
export interface TransactionParts {
  readonly cluster: TransactionCluster
  readonly producer: Omit<ProducerParts, 'cluster' | 'session'>
  readonly reserved: ReservedId
  /** Resolves when the records of the transaction before are acknowledged: order by partition. */
  readonly previousFlushed: Promise<void>
  readonly markerGroupId: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The abort of what a closed writer leaves; the broker would do it after the timeout. */
const abortTimeoutMs = 5_000

/**
 * The records between two barriers. They are collected at once, and sent when those of the
 * transaction before are acknowledged and the epoch of this one is known.
 *
 *     open --prepare--> preparing --> prepared
 *      any but prepared --close--> aborted
 *
 * @internal
 */
export class Transaction {
  readonly reserved: ReservedId
  readonly producer: KafkaProducer
  /** Handed to `write`; counts also what waits for its topic. */
  recordCount = 0
  /** Milliseconds since 1970; undefined: nothing was written. */
  startedAtMs: number | undefined
  readonly #parts: TransactionParts
  #reference: TransactionReference | undefined
  /** The group of the marker is part of the transaction: asked for behind its first partitions. */
  #markerGroupAdded: Promise<void> | undefined
  #prepared = false

  constructor(parts: TransactionParts) {
    const { cluster, producer, reserved } = parts
    this.reserved = reserved
    this.#parts = parts
    this.producer = new KafkaProducer({ ...producer, cluster, session: this.#begin() })
  }

  /** Resolves to what commits the transaction; all records are acknowledged then. */
  async prepare(checkpointId: number, flushed: Promise<void>): Promise<KafkaCommittable> {
    // Not acknowledged yet, the last records keep nothing from being marked.
    const [committable] = await Promise.all([this.#mark(checkpointId, flushed), flushed])
    this.#parts.signal.throwIfAborted()
    this.#prepared = true
    return committable
  }

  async #mark(checkpointId: number, flushed: Promise<void>): Promise<KafkaCommittable> {
    if (this.#markerGroupAdded === undefined) await flushed
    await this.#markerGroupAdded
    const { cluster, markerGroupId: groupId, signal, timeoutMs } = this.#parts
    const reference = this.#reference
    const [place] = this.producer.partitions
    assert(reference !== undefined && place !== undefined, 'what is prepared was written')
    const { transactionalId, producerId, producerEpoch } = reference
    const metadata = `${transactionalId}:${producerId}:${producerEpoch}`
    const marker = { ...place, offset: checkpointId, leaderEpoch: -1, metadata }
    await cluster.transactions.commitOffsets(reference, groupId, [marker], { signal })
    return {
      v: 1,
      clusterId: cluster.metadata.clusterId ?? '',
      ...reference,
      checkpointId,
      marker: { groupId, topic: place.topic, partition: place.partition },
      records: this.recordCount,
      startedAtMs: this.startedAtMs ?? 0,
      timeoutMs,
    }
  }

  /**
   * Ends it unless it is prepared. Best effort: what stays open is ended by the next writer.
   *
   * @returns why it may be open still
   */
  async close(): Promise<unknown> {
    await this.producer.close()
    if (this.#prepared || this.#reference === undefined || this.recordCount === 0) return undefined
    try {
      const { transactions } = this.#parts.cluster
      await transactions.end(this.#reference, 'abort', { timeoutMs: abortTimeoutMs })
      return undefined
    } catch (cause) {
      return cause
    }
  }

  async #begin() {
    const { reserved, previousFlushed } = this.#parts
    const { transactionalId } = reserved
    const [identity] = await Promise.all([reserved.identity, previousFlushed])
    const reference = { transactionalId, ...identity }
    this.#reference = reference
    return {
      identity,
      transaction: {
        transactionalId,
        addPartitions: (partitions: readonly TopicPartition[]) =>
          this.#addPartitions(reference, partitions),
      },
    }
  }

  /** One after the other: a coordinator takes no second change of a transaction meanwhile. */
  async #addPartitions(
    reference: TransactionReference,
    partitions: readonly TopicPartition[],
  ): Promise<void> {
    const { cluster, markerGroupId, signal } = this.#parts
    await this.#markerGroupAdded
    await cluster.transactions.addPartitions(reference, partitions, { signal })
    if (this.#markerGroupAdded !== undefined) return
    this.#markerGroupAdded = cluster.transactions.addOffsets(reference, markerGroupId, { signal })
    // Told by the next who waits for it.
    this.#markerGroupAdded.catch(() => undefined)
  }
}
