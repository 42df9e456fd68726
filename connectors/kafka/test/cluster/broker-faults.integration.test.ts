import { type KafkaServer, startKafka, uniqueName } from '@flinkts/test-services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KafkaCluster } from '../../src/cluster/kafka-cluster.ts'
import { openCluster } from '../support/cluster-fixture.ts'
import { oneRecordBatch } from '../support/one-record-batch.ts'

const init = { transactionTimeoutMs: 60_000 }

async function makeTopic(cluster: KafkaCluster, replicationFactor: number): Promise<string> {
  const topic = uniqueName('topic')
  const [made] = await cluster.administration.createTopics([
    { topic, partitionCount: 1, replicationFactor, settings: {} },
  ])
  expect(made?.errorCode).toBe(0)
  // Metadata may name the leader before that broker knows; it answers when it does.
  await cluster.offsets.list([{ topic, partition: 0, at: 'latest' }], 'read-uncommitted')
  return topic
}

function produce(cluster: KafkaCluster, topic: string, nodeId: number) {
  return cluster.produce(nodeId, {
    transactionalId: undefined,
    acks: -1,
    timeoutMs: 5_000,
    topics: [{ topic, partitions: [{ partition: 0, records: oneRecordBatch('k', 'v') }] }],
  })
}

describe('a broker that is killed', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ version: '3.9' })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  test('fails the requests under way, and ends a transaction when it is back', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 1)
    const transactionalId = uniqueName('tid')
    const identity = await cluster.transactions.initProducerId(transactionalId, init)
    const transaction = { transactionalId, ...identity }
    await cluster.transactions.addPartitions(transaction, [{ topic, partition: 0 }])
    const waiting = cluster.fetch(1, {
      waitMsMax: 30_000,
      bytesMin: 1_000_000,
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
              currentLeaderEpoch: -1,
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
    waiting.catch(() => undefined)

    await kafka.kill()
    await expect(waiting).rejects.toMatchObject({
      code: expect.stringMatching(/CONNECTION_LOST|UNREACHABLE/) as string,
    })
    const ending = cluster.transactions.end(transaction, 'commit')
    await kafka.start()

    expect(await ending).toBe('done')
  })

  test('is given up while it is frozen, and used again after', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap, requestTimeoutMs: 500 })
    await cluster.metadata.refresh([])

    await kafka.pause()
    await expect(cluster.metadata.refresh([])).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_UNREACHABLE',
      message: expect.stringContaining(kafka.bootstrap[0] ?? '') as string,
    })
    await kafka.unpause()

    await expect.poll(() => cluster.metadata.refresh([]), { timeout: 20_000 }).toBeUndefined()
  })
})

describe('a cluster of three', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  test('is asked further when leader and coordinator are gone', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 3)
    const transactionalId = uniqueName('tid')
    const identity = await cluster.transactions.initProducerId(transactionalId, init)
    const transaction = { transactionalId, ...identity }
    await cluster.transactions.addPartitions(transaction, [{ topic, partition: 0 }])
    const before = cluster.metadata.leaderOf({ topic, partition: 0 })
    const leader = before?.nodeId ?? 0
    await produce(cluster, topic, leader)

    await kafka.broker(leader).kill()
    const [answer] = await cluster.offsets.list(
      [{ topic, partition: 0, at: 'latest' }],
      'read-uncommitted',
    )
    const outcome = await cluster.transactions.end(transaction, 'abort')

    expect(answer).toMatchObject({ errorCode: 0, offset: 1 })
    expect(outcome).toBe('done')
    const after = cluster.metadata.leaderOf({ topic, partition: 0 })
    expect(after?.nodeId).not.toBe(leader)
    expect(after?.leaderEpoch).toBeGreaterThan(before?.leaderEpoch ?? 0)
    await kafka.broker(leader).start()
  })

  test('tells who writes to a broker that does not lead', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 1)
    const leader = cluster.metadata.leaderOf({ topic, partition: 0 })?.nodeId
    const other = [...cluster.metadata.brokers.keys()].find((nodeId) => nodeId !== leader) ?? 0

    const response = await produce(cluster, topic, other)

    const [partition] = response?.topics[0]?.partitions ?? []
    expect(partition?.errorCode).toBe(6)
    expect(partition?.currentLeader?.leaderId).toBe(leader)
  })
})
