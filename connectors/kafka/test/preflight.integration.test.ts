import type { Finding } from '@flinkts/core/connector'
import {
  eventually,
  type KafkaServer,
  kafkaUsers,
  type SharedKafka,
  sharedKafka,
  startKafka,
  uniqueName,
} from '@flinkts/test-services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kafkaSource, type KafkaSourceOptions } from '../src/index.ts'
import { openCluster } from './support/cluster-fixture.ts'
import { makeTopic, write } from './support/topic-writer.ts'

async function preflight(options: KafkaSourceOptions): Promise<readonly Finding[]> {
  const { signal } = new AbortController()
  const place = { jobName: 'job', operatorId: 'source', parallelism: 1, signal }
  return (await kafkaSource(options).preflight?.(place)) ?? []
}

describe.each(['3.9', '4'] as const)('a preflight of a source of Kafka %s', (version) => {
  let kafka: SharedKafka

  beforeAll(async () => {
    kafka = await sharedKafka({ version })
  })

  const find = (options: Omit<KafkaSourceOptions, 'connection'>): Promise<readonly Finding[]> =>
    preflight({ connection: { brokers: kafka.bootstrap }, ...options })

  test('finds nothing where all is well, and commits nothing', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 3)
    await write(cluster, { topic }, ['a', 'b'])
    const groupId = uniqueName('group')

    const findings = await find({ topics: [topic], groupId, start: { type: 'committed' } })

    expect(findings).toEqual([])
    const request = { partitions: undefined, requireStable: true }
    expect(await cluster.groups.committed(groupId, request)).toEqual([])
  })

  test('tells of all topics and partitions that are missing', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster)
    const partitions = [
      { topic, partition: 0 },
      { topic, partition: 7 },
      { topic: 'no-such-topic', partition: 0 },
    ]

    const missing = await find({ partitions })
    const unmatched = await find({ topicPattern: /no-such-.*/ })

    expect(missing).toMatchObject([
      { severity: 'error', code: 'topic-missing', message: expect.stringContaining('7') as string },
      { severity: 'error', message: 'the topic "no-such-topic" does not exist' },
    ])
    expect(unmatched).toMatchObject([{ severity: 'warning', code: 'no-topic-matches' }])
  })

  test('tells of a start that is not kept, and of a stop that is not named', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 2)
    await write(cluster, { topic }, ['a', 'b', 'c'])
    const offsets = [
      { topic, partition: 0, offset: 3 },
      { topic, partition: 1, offset: 1 },
    ]

    const findings = await find({
      topics: [topic],
      start: { type: 'offsets', offsets },
      stop: { type: 'offsets', offsets: [{ topic, partition: 0, offset: 3 }] },
    })

    expect(findings).toMatchObject([
      { severity: 'error', code: 'option-invalid' },
      {
        severity: 'warning',
        code: 'offset-out-of-range',
        message: expect.stringContaining('offset 1 of the partition 1') as string,
      },
    ])
  })

  test('warns of a group that others are members of', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster)
    const groupId = uniqueName('group')
    const member = kafka.tool('kafka-console-consumer', [
      ...['--topic', topic, '--group', groupId, '--timeout-ms', '4000'],
    ])

    const findings = await eventually('a member of the group', async () => {
      const its = await find({ topics: [topic], groupId })
      expect(its).not.toEqual([])
      return its
    })

    expect(findings).toMatchObject([{ severity: 'warning', code: 'group-has-members' }])
    expect(await find({ topics: [topic], groupId, commitOffsets: false })).toEqual([])
    await member
  })
})

test('a preflight tells of brokers that do not answer', async () => {
  const connection = { brokers: ['127.0.0.1:1', '127.0.0.1:2'] }

  expect(await preflight({ connection, topics: ['orders'] })).toMatchObject([
    { severity: 'error', code: 'unreachable' },
  ])
})

describe('a preflight of a source with logins and ACLs', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ security: 'sasl', acls: true })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  const allow = async (operation: string, ...resource: readonly string[]): Promise<void> => {
    const rule = ['--add', '--allow-principal', 'User:guest', '--operation', operation]
    const { exitCode } = await kafka.tool('kafka-acls', [...rule, ...resource])
    expect(exitCode).toBe(0)
  }

  const find = (
    user: { readonly username: string; readonly password: string },
    options: Omit<KafkaSourceOptions, 'connection'>,
  ): Promise<readonly Finding[]> =>
    preflight({
      connection: { brokers: kafka.bootstrap, sasl: { mechanism: 'plain', ...user } },
      ...options,
    })

  test('tells of a wrong password, and not the password', async () => {
    const user = { username: 'guest', password: 'sEcReT' }

    const findings = await find(user, { topics: ['orders'] })

    expect(findings).toMatchObject([{ severity: 'error', code: 'authentication-failed' }])
    expect(JSON.stringify(findings)).not.toContain('sEcReT')
  })

  test('tells of every right that the user lacks, and of none that it has', async () => {
    const [hidden, seen, groupId] = [uniqueName('hidden'), uniqueName('seen'), uniqueName('group')]
    for (const topic of [hidden, seen]) await kafka.createTopic(topic, { partitions: 2 })
    await allow('Describe', '--topic', seen)
    const options = { topics: [hidden, seen], groupId }

    const denied = await find(kafkaUsers.guest, options)
    await allow('Read', '--topic', seen)
    await allow('Read', '--topic', hidden)
    await allow('Read', '--group', groupId)
    const allowed = await find(kafkaUsers.guest, options)

    expect(denied.map(({ code, message }) => [code, message.split(':')[0]])).toEqual([
      ['permission-denied', `reading metadata failed for the topic "${hidden}"`],
      ['permission-denied', `fetching failed for the topic "${seen}"`],
      ['permission-denied', `finding the coordinator failed for the group "${groupId}"`],
    ])
    expect(allowed).toEqual([])
  })
})
