import type { Finding } from '@flinkts/core/connector'
import { expect, test } from 'vitest'
import { kafkaSource } from '../src/index.ts'
import { metadataApi } from '../src/protocol/metadata.ts'
import { compactBody, type FakeAnswer, FakeBroker } from './support/fake-broker.ts'

async function preflight(broker: FakeBroker): Promise<readonly Finding[]> {
  const source = kafkaSource({ connection: { brokers: broker.address }, topics: ['topic'] })
  const { signal } = new AbortController()
  const place = { jobName: 'job', operatorId: 'source', parallelism: 1, signal }
  return (await source.preflight?.(place)) ?? []
}

/** One topic, whose partition nobody leads. */
function leaderless(port: () => number): FakeAnswer {
  return () =>
    compactBody((writer) => {
      writer.int32(0)
      writer.array([port()], (to, its) => {
        to.int32(1)
        to.string('127.0.0.1')
        to.int32(its)
        to.nullableString(undefined)
        to.noTags()
      })
      writer.nullableString('fake')
      writer.int32(1)
      writer.array(['topic'], (to, topic) => {
        to.int16(0)
        to.nullableString(topic)
        to.uuid('QWxzIGRhcyBLaW5kIEtpbg')
        to.boolean(false)
        to.array([0], (partition, index) => {
          partition.int16(5)
          partition.int32(index)
          partition.int32(-1)
          partition.int32(7)
          partition.int32Array([2])
          partition.int32Array([])
          partition.int32Array([2])
          partition.noTags()
        })
        to.int32(0)
        to.noTags()
      })
    })
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
    [metadataApi.key]: leaderless(() => brokers[0]?.port ?? 0),
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
