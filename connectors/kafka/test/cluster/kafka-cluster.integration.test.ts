import { type SharedKafka, sharedKafka, uniqueName } from '@flinkts/test-services'
import { beforeAll, describe, expect, test } from 'vitest'
import type { KafkaCluster } from '../../src/cluster/kafka-cluster.ts'
import { kafkaError } from '../../src/protocol/error-codes.ts'
import type { TransactionReference } from '../../src/protocol/transaction-reference.ts'
import { openCluster } from '../support/cluster-fixture.ts'
import { oneRecordBatch } from '../support/one-record-batch.ts'
import { makeTopic } from '../support/topic-writer.ts'

async function leaderOf(cluster: KafkaCluster, topic: string): Promise<number> {
  await expect
    .poll(async () => {
      await cluster.metadata.topics([topic])
      return cluster.metadata.leaderOf({ topic, partition: 0 })
    })
    .toBeDefined()
  return cluster.metadata.leaderOf({ topic, partition: 0 })?.nodeId ?? -1
}

async function produce(
  cluster: KafkaCluster,
  topic: string,
  transaction?: TransactionReference,
): Promise<number> {
  const partition = { partition: 0, records: oneRecordBatch('key', 'value', transaction) }
  const response = await cluster.produce(await leaderOf(cluster, topic), {
    transactionalId: transaction?.transactionalId,
    acks: -1,
    timeoutMs: 5_000,
    topics: [{ topic, partitions: [partition] }],
  })
  const result = response?.topics[0]?.partitions[0]
  expect(kafkaError(result?.errorCode ?? -1).name).toBe('NONE')
  return result?.baseOffset ?? -1
}

async function endOf(
  cluster: KafkaCluster,
  topic: string,
  isolation: 'read-committed' | 'read-uncommitted' = 'read-committed',
): Promise<number | undefined> {
  const queries = [{ topic, partition: 0, at: 'latest' as const }]
  const [answer] = await cluster.offsets.list(queries, isolation)
  expect(answer?.errorCode).toBe(0)
  return answer?.offset
}

describe.each(['3.9', '4'] as const)('a cluster of Kafka %s', (version) => {
  let kafka: SharedKafka

  beforeAll(async () => {
    kafka = await sharedKafka({ version })
  })

  const open = (): KafkaCluster & AsyncDisposable => openCluster({ brokers: kafka.bootstrap })

  test('tells topics with their ids and leaders, and those that do not exist', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster, 3)
    await leaderOf(cluster, topic)

    const [known, unknown] = await cluster.metadata.topics([topic, 'no-such-topic'])

    expect(known?.errorCode).toBe(0)
    expect(known?.topicId).toMatch(/^[\w-]{22}$/)
    expect(known?.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([0, 0, 0])
    expect(kafkaError(unknown?.errorCode ?? 0).name).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(cluster.metadata.clusterId).toMatch(/^[\w-]{22}$/)
    const all = await cluster.metadata.allTopics()
    expect(all.map((one) => one.topic)).toContain(topic)
  })

  test('reads the bytes that were written', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    const offset = await produce(cluster, topic)

    const response = await cluster.fetch(await leaderOf(cluster, topic), {
      waitMsMax: 5_000,
      bytesMin: 1,
      bytesMax: 1_000_000,
      isolation: 'read-committed',
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        {
          topic,
          partitions: [
            {
              partition: 0,
              currentLeaderEpoch: 0,
              fetchOffset: 0,
              lastFetchedEpoch: -1,
              partitionBytesMax: 1_000_000,
            },
          ],
        },
      ],
      forgottenTopics: [],
      rackId: '',
    })

    expect(offset).toBe(0)
    const [partition] = response.topics[0]?.partitions ?? []
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 1, lastStableOffset: 1 })
    // The batch as it was written, but for the leader epoch that the broker puts in.
    const written = oneRecordBatch('key', 'value')
    expect(partition?.records.subarray(16)).toEqual(written.subarray(16))
  })

  test('tells an error of one partition beside the offsets of others', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    await produce(cluster, topic)
    const queries = [
      { topic, partition: 0, at: 'earliest' as const },
      { topic, partition: 7, at: 'latest' as const },
    ]

    const [first, second] = await cluster.offsets.list(queries, 'read-committed', {
      timeoutMs: 300,
    })

    expect(first).toMatchObject({ errorCode: 0, offset: 0 })
    expect(kafkaError(second?.errorCode ?? 0).name).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const atTime = { topic, partition: 0, at: { timestampMs: 2 ** 42 } }
    expect(await cluster.offsets.list([atTime], 'read-committed')).toMatchObject([
      { errorCode: 0, offset: -1 },
    ])
    expect(await cluster.offsets.endOfEpochs([{ topic, partition: 0, leaderEpoch: 0 }])).toEqual([
      { topic, partition: 0, errorCode: 0, leaderEpoch: 0, endOffset: 1 },
    ])
  })

  test('commits, from elsewhere and twice, a transaction that another began', async () => {
    await using writer = open()
    await using committer = open()
    const topic = await makeTopic(writer)
    const transactionalId = uniqueName('tid')
    const identity = await writer.transactions.initProducerId(transactionalId, {
      transactionTimeoutMs: 60_000,
    })
    const transaction = { transactionalId, ...identity }
    await writer.transactions.addPartitions(transaction, [{ topic, partition: 0 }])
    await produce(writer, topic, transaction)
    const saved = JSON.parse(JSON.stringify(transaction)) as TransactionReference
    expect(await endOf(writer, topic)).toBe(0)
    await writer.close()

    expect(await committer.transactions.end(saved, 'commit')).toBe('done')
    expect(await committer.transactions.end(saved, 'commit')).toBe('done')

    // The record and the marker.
    await expect.poll(() => endOf(committer, topic)).toBe(2)
    expect(await committer.transactions.end(saved, 'abort')).toBe('invalid-state')
  })

  test('is fenced when the id has another epoch, and knows no id of nobody', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    const transactionalId = uniqueName('tid')
    const init = { transactionTimeoutMs: 60_000 }
    const identity = await cluster.transactions.initProducerId(transactionalId, init)
    const transaction = { transactionalId, ...identity }
    await cluster.transactions.addPartitions(transaction, [{ topic, partition: 0 }])
    await produce(cluster, topic, transaction)

    await cluster.transactions.initProducerId(transactionalId, init)

    expect(await cluster.transactions.end(transaction, 'commit')).toBe('fenced')
    const unknown = { ...transaction, transactionalId: uniqueName('nobody') }
    expect(await cluster.transactions.end(unknown, 'commit')).toBe('unknown-id')
    await expect(
      cluster.transactions.addPartitions(transaction, [{ topic, partition: 0 }]),
    ).rejects.toMatchObject({ code: 'FLINKTS_KAFKA_PRODUCER_FENCED' })
  })

  test('lists and describes the transactions that are open', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    const transactionalId = uniqueName('tid')
    const identity = await cluster.transactions.initProducerId(transactionalId, {
      transactionTimeoutMs: 60_000,
    })
    const transaction = { transactionalId, ...identity }
    await cluster.transactions.addPartitions(transaction, [{ topic, partition: 0 }])

    const listed = await cluster.transactions.list({
      states: ['Ongoing'],
      transactionalIdPattern: undefined,
    })
    const described = await cluster.transactions.describe([transactionalId, 'nobody'])

    const { producerId } = identity
    expect(listed).toContainEqual({ transactionalId, producerId, state: 'Ongoing' })
    expect(described).toMatchObject([
      { errorCode: 0, ...transaction, state: 'Ongoing', topics: [{ topic, partitions: [0] }] },
      { errorCode: 105 },
    ])
    expect(await cluster.transactions.end(transaction, 'abort')).toBe('done')
  })

  test('keeps offsets of a group, also those of a transaction once it commits', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster, 2)
    const groupId = uniqueName('group')
    const transactionalId = uniqueName('tid')
    const partitions = [0, 1].map((partition) => ({ topic, partition }))
    const request = { partitions, requireStable: true }
    const offset = { topic, leaderEpoch: -1, metadata: 'chk 1' }
    await cluster.groups.commit(groupId, [{ ...offset, partition: 0, offset: 5 }])
    const identity = await cluster.transactions.initProducerId(transactionalId, {
      transactionTimeoutMs: 60_000,
    })
    const transaction = { transactionalId, ...identity }
    await cluster.transactions.addOffsets(transaction, groupId)
    await cluster.transactions.commitOffsets(transaction, groupId, [
      { ...offset, partition: 1, offset: 6 },
    ])

    await expect(
      cluster.groups.committed(groupId, request, { timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: 'FLINKTS_KAFKA_UNAVAILABLE' })
    expect(await cluster.transactions.end(transaction, 'commit')).toBe('done')

    const committed = await cluster.groups.committed(groupId, request)
    expect(committed.map((one) => [one.partition, one.offset, one.metadata])).toEqual([
      [0, 5, 'chk 1'],
      [1, 6, 'chk 1'],
    ])
  })

  test('tells the settings of brokers and topics', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    const settings = ['transaction.max.timeout.ms']
    const nodeId = String(await leaderOf(cluster, topic))

    const [broker] = await cluster.administration.describeConfigs([
      { kind: 'broker', name: nodeId, settings },
    ])
    const [ofTopic] = await cluster.administration.describeConfigs([
      { kind: 'topic', name: topic, settings: ['cleanup.policy'] },
    ])

    expect(broker).toMatchObject({ errorCode: 0, entries: [{ name: settings[0] }] })
    expect(ofTopic?.entries).toEqual([{ name: 'cleanup.policy', value: 'delete' }])
  })

  test('refuses a transaction timeout that the broker does not allow', async () => {
    await using cluster = open()
    const transactionTimeoutMs = 2 ** 31 - 1

    await expect(
      cluster.transactions.initProducerId(uniqueName('tid'), { transactionTimeoutMs }),
    ).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_REQUEST_REFUSED',
      message: expect.stringContaining('INVALID_TRANSACTION_TIMEOUT (50)') as string,
    })
  })

  test('gives a producer without transactions an identity of its own', async () => {
    await using cluster = open()

    const one = await cluster.transactions.initIdempotentProducerId()
    const other = await cluster.transactions.initIdempotentProducerId()

    expect(one.producerEpoch).toBe(0)
    expect(other.producerId).not.toBe(one.producerId)
  })
})
