import { FlinktsError } from '@flinkts/core/connector'
import type { CommitOutcome, Committer } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { EndTxnOutcome } from '../cluster/transactions.ts'
import type { KafkaCommittable } from './committable.ts'

/**
 * Commits prepared transactions, on connections of its own: it must not wait behind the batches of
 * a writer. The marker of a transaction tells whether it was committed before; brokers do not: a
 * second commit succeeds as the first one did, and a later one is refused as one that is lost.
 *
 * @internal
 */
export class KafkaCommitter implements Committer<KafkaCommittable> {
  readonly #cluster: KafkaCluster
  readonly #timeoutMs: number

  /**
   * @param cluster - Closed by the committer.
   * @param timeoutMs - For so long one commit is tried.
   */
  constructor(cluster: KafkaCluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  async commit(committable: KafkaCommittable): Promise<CommitOutcome> {
    const { transactions, metadata } = this.#cluster
    const options = { timeoutMs: this.#timeoutMs }
    try {
      if (metadata.clusterId === undefined) await metadata.refresh([])
      const { clusterId } = metadata
      if (clusterId !== committable.clusterId) throw otherCluster(committable, clusterId)
      if (await this.#hasMarker(committable, false)) return { status: 'already-committed' }
      const outcome = await transactions.end(committable, 'commit', options)
      if (outcome === 'done') return { status: 'committed' }
      if (await this.#isMarked(committable)) return { status: 'already-committed' }
      throw rejected(committable, outcome)
    } catch (cause) {
      if (!(cause instanceof FlinktsError && cause.retryable)) throw cause
      return { status: 'retry', cause }
    }
  }

  close(): Promise<void> {
    return this.#cluster.close()
  }

  /**
   * What is there of markers is committed, so that it tells at once. That it is not there tells
   * something only when no marker is under way: one of a later checkpoint may be until the commit
   * that waits behind this one.
   */
  async #isMarked(committable: KafkaCommittable): Promise<boolean> {
    return (await this.#hasMarker(committable, false)) || this.#hasMarker(committable, true)
  }

  async #hasMarker(
    { marker, checkpointId }: KafkaCommittable,
    requireStable: boolean,
  ): Promise<boolean> {
    const { groupId, topic, partition } = marker
    const [committed] = await this.#cluster.groups.committed(
      groupId,
      { partitions: [{ topic, partition }], requireStable },
      { timeoutMs: this.#timeoutMs },
    )
    return committed !== undefined && committed.offset >= checkpointId
  }
}

function otherCluster(
  { transactionalId, clusterId, checkpointId }: KafkaCommittable,
  found: string | undefined,
): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_CLUSTER_CHANGED',
    `the transaction "${transactionalId}" of checkpoint ${checkpointId} belongs to the cluster ` +
      `"${clusterId}", not to "${found}"`,
    {
      hint:
        'Connect to the cluster that the checkpoint was written with. To write to another one ' +
        'stop the job first, so that nothing is left to commit, or start it afresh.',
    },
  )
}

const reasons: Readonly<Record<Exclude<EndTxnOutcome, 'done'>, string>> = {
  fenced: 'another producer took over its id, or it timed out',
  'invalid-state': 'it was aborted',
  'unknown-id': 'the cluster does not know it any more',
}

function rejected(
  committable: KafkaCommittable,
  outcome: Exclude<EndTxnOutcome, 'done'>,
): FlinktsError {
  const { transactionalId, producerId, producerEpoch, checkpointId, records } = committable
  const startedAt = new Date(committable.startedAtMs).toISOString()
  return new FlinktsError(
    'FLINKTS_COMMIT_REJECTED',
    `the transaction "${transactionalId}" (producer ${producerId}, epoch ${producerEpoch}) of ` +
      `checkpoint ${checkpointId} was not committed, and cannot be: ${reasons[outcome]}; ` +
      `${records} records are missing`,
    {
      hint:
        `It began at ${startedAt}, with a timeout of ${committable.timeoutMs} ms: if the job was ` +
        'down for longer, raise "transactionTimeoutMs" (and transaction.max.timeout.ms of the ' +
        'brokers). No other job may use the same "transactionalIdPrefix". To write the records ' +
        'restore an earlier checkpoint, or start the job afresh.',
    },
  )
}
