import type { Finding } from '@flinkts/core/connector'
import { expect, test } from 'vitest'
import { kafkaSource } from '../src/index.ts'
import { metadataApi } from '../src/protocol/metadata.ts'
import { FakeBroker, type FakePartition, metadataBody } from './support/fake-broker.ts'

async function preflight(broker: FakeBroker): Promise<readonly Finding[]> {
  const source = kafkaSource({ connection: { brokers: broker.address }, topics: ['topic'] })
  const { signal } = new AbortController()
  const place = { jobName: 'job', operatorId: 'source', parallelism: 1, signal }
  return (await source.preflight?.(place)) ?? []
}

/** Nobody leads it. */
const leaderless: FakePartition = {
  errorCode: 5,
  leaderId: -1,
  leaderEpoch: 7,
  replicaIds: [2],
  inSyncReplicaIds: [],
  offlineReplicaIds: [2],
}

test('a preflight tells of a Kafka that is too old', async () => {
  await using broker = await FakeBroker.start({}, [
    [3, 0, 5],
    [18, 0, 2],
  ])

  expect(await preflight(broker)).toMatchObject([
    {
      severity: 'error',
      code: 'broker-unsupported',
      message: expect.stringContaining('Metadata') as string,
    },
  ])
})

test('a preflight warns of a partition without a leader', async () => {
  const brokers: FakeBroker[] = []
  await using broker = await FakeBroker.start({
    [metadataApi.key]: () => metadataBody(brokers[0]?.port ?? 0, leaderless),
  })
  brokers.push(broker)

  expect(await preflight(broker)).toMatchObject([
    {
      severity: 'warning',
      code: 'leader-missing',
      message: expect.stringContaining('the partition 0 of the topic "topic"') as string,
    },
  ])
})
