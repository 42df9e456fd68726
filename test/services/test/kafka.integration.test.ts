import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  eventually,
  type KafkaServer,
  kafkaUsers,
  kafkaVersions,
  type SaslMechanism,
  type SharedKafka,
  saslProperties,
  sharedKafka,
  startKafka,
  tlsProperties,
  uniqueName,
} from '../index.ts'
import { kafkaSecurity } from '../kafka-security.ts'

describe.each(kafkaVersions)('a shared Kafka %s', (version) => {
  let kafka: SharedKafka
  beforeAll(async () => {
    kafka = await sharedKafka({ version })
  })

  test('is the same for every caller', async () => {
    expect((await sharedKafka({ version })).bootstrap).toEqual(kafka.bootstrap)
  })

  test('has the version that was asked for', async () => {
    const { stdout } = await kafka.tool('kafka-topics', ['--version'])

    expect(stdout.startsWith(`${version}.`)).toBe(true)
  })

  test('shows what is in a topic: keys, absent values, headers, times, offsets', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic, { config: { 'message.timestamp.type': 'CreateTime' } })
    const before = Date.now()

    await produce(kafka, topic, ['h1:v1,h2:v2\tkey\tvalue', 'h:\tkéy\t∅', 'h:1\tgone\tNONE'])

    const records = await kafka.consumeCommitted(topic)
    expect(records).toEqual([
      record(0n, 'key', 'value', [
        ['h1', 'v1'],
        ['h2', 'v2'],
      ]),
      record(1n, 'kéy', '∅', [['h', '']]),
      record(2n, 'gone', undefined, [['h', '1']]),
    ])
    for (const { timestamp } of records) {
      expect(timestamp).toBeGreaterThanOrEqual(before)
      expect(timestamp).toBeLessThanOrEqual(Date.now())
    }
  })

  test('reads all partitions of a topic, or one', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic, { partitions: 3 })
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    await produce(
      kafka,
      topic,
      keys.map((key) => `h:1\t${key}\tvalue`),
    )

    const records = await kafka.consumeCommitted(topic)

    const ends = await kafka.endOffsets(topic)
    expect(new Set(records.map(({ key }) => key))).toEqual(new Set(keys))
    expect(records).toHaveLength(keys.length)
    expect(new Set(ends.keys())).toEqual(new Set([0, 1, 2]))
    for (const [partition, end] of ends) {
      const offsets = records.filter((r) => r.partition === partition).map((r) => r.offset)
      expect(offsets).toEqual(Array.from({ length: Number(end) }, (_, index) => BigInt(index)))
    }
    expect(await kafka.consumeCommitted(topic, { partition: 2 })).toEqual(
      records.filter(({ partition }) => partition === 2),
    )
  })

  test('reads beyond the markers of transactions', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic)
    await performanceTest(kafka, topic, ['--transaction-duration-ms', '1', '--num-records', '3'])

    const records = await kafka.consumeCommitted(topic)

    expect(records).toHaveLength(3)
    expect((await kafka.endOffsets(topic)).get(0)).toBeGreaterThan(3n)
    expect(await kafka.openTransactions()).toEqual([])
  })

  test('creates topics as described, and deletes them', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
    const { stdout } = await kafka.tool('kafka-topics', ['--describe', '--topic', topic])
    expect(stdout).toMatch(/PartitionCount: ?2.*ReplicationFactor: ?1.*cleanup\.policy=compact/)
    await expect(kafka.createTopic(topic)).rejects.toThrow(`Topic '${topic}' already exists`)

    await kafka.deleteTopic(topic)

    const list = await kafka.tool('kafka-topics', ['--list'])
    expect(list.stdout.split('\n')).not.toContain(topic)
    await expect(kafka.deleteTopic(topic)).rejects.toThrow('does not exist')
  })
})

describe.each(kafkaVersions)('a Kafka %s of one’s own', (version) => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka({ version, settings: { 'log.retention.hours': '7' } })
  })
  afterAll(() => kafka.stop())

  test('has the settings that were asked for', async () => {
    const { stdout } = await kafka.tool('kafka-configs', [
      ...['--describe', '--all', '--entity-type', 'brokers', '--entity-name', '1'],
    ])

    expect(stdout).toMatch(/\slog\.retention\.hours=7 /)
    expect(stdout).toMatch(/\sauto\.create\.topics\.enable=false /)
  })

  test('keeps its address and its records over kill and start, and a restart', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic)
    await produce(kafka, topic, ['h:1\tkey\tfirst'])
    const { bootstrap } = kafka

    await kafka.kill()
    await expect(kafka.tool('kafka-topics', ['--list'])).rejects.toThrow('no broker runs')
    await kafka.start()
    await produce(kafka, topic, ['h:1\tkey\tsecond'])
    await kafka.restart()

    expect(kafka.bootstrap).toEqual(bootstrap)
    const records = await kafka.consumeCommitted(topic)
    expect(records.map(({ value }) => value)).toEqual(['first', 'second'])
    expect(await kafka.logs()).toContain('Kafka Server started')
  })

  test('shows an open transaction, and does not take its start for the end', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic)
    await produce(kafka, topic, ['h:1\tkey\tcommitted'])
    const endless = ['--transaction-duration-ms', '60000', '--num-records', '100000']
    const abandoned = performanceTest(kafka, topic, endless, 4_000)
    await expect(abandoned).rejects.toThrow('timed out')

    const ongoing: unknown = expect.objectContaining({ state: 'Ongoing' })
    expect(await kafka.openTransactions()).toEqual([ongoing])
    const records = await kafka.consumeCommitted(topic, { openTransactions: true })
    expect(records.map(({ value }) => value)).toEqual(['committed'])
    await expect(kafka.consumeCommitted(topic, { idleMs: 8_000 })).rejects.toThrow(
      'a transaction may be open',
    )
  })
})

test('a tool that takes too long is ended', async () => {
  const kafka = await sharedKafka()
  const topic = uniqueName()
  await kafka.createTopic(topic)

  const endless = kafka.tool('kafka-console-consumer', ['--topic', topic], { timeoutMs: 2_000 })

  await expect(endless).rejects.toThrow(/timed out waiting for the command/)
})

test('a Kafka that cannot start says so at once, with its log', async () => {
  const start = startKafka({ settings: { 'num.io.threads': 'many' } })

  await expect(start).rejects.toThrow(/ended while it was starting[^]*num\.io\.threads/)
})

describe('a cluster of three brokers', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  })
  afterAll(() => kafka.stop())

  test('elects another leader when one is killed, and takes it back', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic)
    await produce(kafka, topic, ['h:1\tkey\tfirst'])
    const leader = await leaderOf(kafka, topic)

    await kafka.broker(leader).kill()
    await eventually('another leader', async () => {
      expect(await leaderOf(kafka, topic)).not.toBe(leader)
    })
    await produce(kafka, topic, ['h:1\tkey\tsecond'])
    await kafka.broker(leader).start()

    const values = (await kafka.consumeCommitted(topic)).map(({ value }) => value)
    expect(values).toEqual(['first', 'second'])
    await eventually('all replicas to be in sync', async () => {
      const { stdout } = await kafka.tool('kafka-topics', ['--describe', '--topic', topic])
      expect(/Isr: (\S+)/.exec(stdout)?.[1]?.split(',').toSorted()).toEqual(['1', '2', '3'])
    })
  })

  test('knows its brokers by id', () => {
    const { host, port } = kafka.broker(3).address

    expect(kafka.bootstrap[2]).toBe(`${host}:${port}`)
    expect(() => kafka.broker(4)).toThrow('there is no broker 4')
  })
})

describe('a Kafka with logins and ACLs', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka({ security: 'sasl', acls: true })
  })
  afterAll(() => kafka.stop())

  const mechanisms: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
  test.each(mechanisms)('takes the right password by %s, and no other', async (mechanism) => {
    const wrong = { ...kafkaUsers.admin, password: 'wrong' }
    const [taken, refused] = await Promise.all(
      [kafkaUsers.admin, wrong].map((user) =>
        kafka.tool('kafka-topics', ['--list'], { client: saslProperties(user, mechanism) }),
      ),
    )

    expect(taken).toMatchObject({ exitCode: 0 })
    expect(refused?.exitCode).not.toBe(0)
    expect(`${refused?.stdout}${refused?.stderr}`).toContain('SaslAuthenticationException')
  })

  test('lets others than its admin do only what is allowed', async () => {
    const topic = uniqueName()
    const client = saslProperties(kafkaUsers.guest, 'SCRAM-SHA-512')
    await kafka.createTopic(topic)
    const ends = () => kafka.tool('kafka-get-offsets', ['--topic', topic], { client })
    expect((await ends()).stdout).not.toContain(`${topic}:0:0`)

    const allow = ['--add', '--allow-principal', 'User:guest', '--operation', 'Describe']
    const added = await kafka.tool('kafka-acls', [...allow, '--topic', topic])

    expect(added.exitCode).toBe(0)
    expect(await ends()).toMatchObject({ exitCode: 0, stdout: `${topic}:0:0\n` })
  })
})

test('a Kafka with TLS serves who trusts its authority, and nobody else', async () => {
  await using kafka = await startKafka({ version: '3.9', security: 'tls' })
  const { ca: foreign = '' } = await kafkaSecurity({ security: 'tls' })
  const { 'ssl.truststore.location': _, ...properties } = tlsProperties
  const deceived = {
    ...properties,
    'ssl.truststore.certificates': foreign.replaceAll('\n', '\\n'),
    'request.timeout.ms': '10000',
    'default.api.timeout.ms': '10000',
  }

  const [trusting, refused] = await Promise.all(
    [tlsProperties, deceived].map((client) => kafka.tool('kafka-topics', ['--list'], { client })),
  )

  expect(trusting).toMatchObject({ exitCode: 0 })
  expect(refused?.exitCode).not.toBe(0)
  expect(`${refused?.stdout}${refused?.stderr}`).toContain('SslAuthenticationException')
  expect(kafka.ca).toContain('BEGIN CERTIFICATE')
})

test('ACLs without logins are refused', async () => {
  await expect(startKafka({ acls: true })).rejects.toThrow('need the security "sasl"')
})

async function produce(kafka: SharedKafka, topic: string, lines: readonly string[]): Promise<void> {
  const properties = ['parse.key=true', 'parse.headers=true', 'null.marker=NONE']
  const option = kafka.version === '3.9' ? '--property' : '--reader-property'
  const result = await kafka.tool(
    'kafka-console-producer',
    ['--topic', topic, ...properties.flatMap((property) => [option, property])],
    { input: lines.map((line) => `${line}\n`).join('') },
  )
  // It ends well also when records could not be sent.
  expect(result).toMatchObject({ exitCode: 0 })
  expect(result.stderr).not.toMatch(/ERROR|Exception/)
}

async function performanceTest(
  kafka: SharedKafka,
  topic: string,
  toolArguments: readonly string[],
  timeoutMs = 30_000,
): Promise<void> {
  const [bootstrap] = kafka.bootstrap
  const options = ['--topic', topic, '--record-size', '8', '--throughput', '100']
  const properties = ['--producer-props', `bootstrap.servers=${bootstrap}`]
  const result = await kafka.tool(
    'kafka-producer-perf-test',
    [...options, ...properties, ...toolArguments],
    { timeoutMs },
  )
  expect(result).toMatchObject({ exitCode: 0 })
}

async function leaderOf(kafka: SharedKafka, topic: string): Promise<number> {
  const { stdout } = await kafka.tool('kafka-topics', ['--describe', '--topic', topic])
  return Number(/Leader: (\d+)/.exec(stdout)?.[1])
}

function record(
  offset: bigint,
  key: string | undefined,
  value: string | undefined,
  headers: readonly (readonly [string, string | undefined])[],
) {
  const timestamp: unknown = expect.any(Number)
  return { partition: 0, offset, timestamp, timestampType: 'CreateTime', key, value, headers }
}
