import { uniqueName } from '@flinkts/test-services'
import { assert } from '@flinkts/core/connector'
import type { KafkaCluster } from '../../src/cluster/kafka-cluster.ts'
import type { TransactionReference } from '../../src/protocol/transaction-reference.ts'
import { batchOf, valuesOf } from '../records/batches.ts'

/** Makes a topic, and waits until every partition has a leader. */
export async function makeTopic(
  cluster: KafkaCluster,
  partitionCount = 1,
  settings: Readonly<Record<string, string>> = {},
  topic: string = uniqueName('topic'),
): Promise<string> {
  const made = await cluster.administration.createTopics([
    { topic, partitionCount, replicationFactor: 1, settings },
  ])
  assert(
    made.every(({ errorCode }) => errorCode === 0),
    'a topic is made',
  )
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition)
  await cluster.offsets.list(
    partitions.map((partition) => ({ topic, partition, at: 'latest' as const })),
    'read-uncommitted',
  )
  return topic
}

/** Writes values as one batch. */
export async function write(
  cluster: KafkaCluster,
  place: { readonly topic: string; readonly partition?: number },
  values: readonly string[],
  transaction?: TransactionReference & { readonly baseSequence?: number },
): Promise<void> {
  const { topic, partition = 0 } = place
  await cluster.metadata.topics([topic])
  const leader = cluster.metadata.leaderOf({ topic, partition })
  assert(leader !== undefined, 'the partition has a leader')
  const records = batchOf(
    valuesOf(...values),
    transaction === undefined
      ? {}
      : { stamp: { baseSequence: 0, ...transaction, transactional: true } },
  )
  const response = await cluster.produce(leader.nodeId, {
    transactionalId: transaction?.transactionalId,
    acks: -1,
    timeoutMs: 5_000,
    topics: [{ topic, partitions: [{ partition, records }] }],
  })
  const result = response?.topics[0]?.partitions[0]
  assert(result?.errorCode === 0, `the batch is written: ${result?.errorCode}`)
}

/** A transaction that writes to the partition 0 of a topic, and has written these values. */
export async function begin(
  cluster: KafkaCluster,
  topic: string,
  values: readonly string[],
): Promise<TransactionReference> {
  const transactionalId = uniqueName('tid')
  const init = { transactionTimeoutMs: 60_000 }
  const identity = await cluster.transactions.initProducerId(transactionalId, init)
  const transaction = { transactionalId, ...identity }
  await cluster.transactions.addPartitions(transaction, [{ topic, partition: 0 }])
  await write(cluster, { topic }, values, transaction)
  return transaction
}
