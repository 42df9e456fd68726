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
import { probeKafka } from '../kafka-probe.ts'
import { kafkaSecurity } from '../kafka-security.ts'

// A test runs on each version where the versions may differ: in what their tools take and print.
describe.each(kafkaVersions)('a shared Kafka %s', (version) => {
  let kafka: SharedKafka
  beforeAll(async () => {
    kafka = await sharedKafka({ version })
  })

  test('has the version that was asked for, and is the same for every caller', async () => {
    const { stdout } = await kafka.tool('kafka-topics', ['--version'])

    expect(stdout.startsWith(`${version}.`)).toBe(true)
    expect((await sharedKafka({ version })).bootstrap).toEqual(kafka.bootstrap)
  })

  test('shows what is in a topic: keys, absent values, headers, times, offsets', async () => {
    const topic = uniqueName()
    await kafka.createTopic(topic, { partitions: 3 })
    const before = Date.now()
    const special = ['h1:v1,h2:v2\tkey\tvalue', 'h:\tkéy\t∅', 'h:1\tgone\tNONE']
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    await produce(kafka, topic, [...special, ...keys.map((key) => `h:1\t${key}\tvalue`)])

    const [records, some] = await Promise.all([
      kafka.consumeCommitted(topic),
      kafka.consumeCommitted(topic, { partition: 2 }),
    ])

    const byKey = new Map(records.map((record) => [record.key, record]))
    expect(records).toHaveLength(special.length + keys.length)
    expect(new Set(byKey.keys())).toEqual(new Set(['key', 'kéy', 'gone', ...keys]))
    const headers = [
      ['h1', 'v1'],
      ['h2', 'v2'],
    ]
    expect(byKey.get('key')).toMatchObject({ value: 'value', headers })
    expect(byKey.get('kéy')).toMatchObject({ value: '∅', headers: [['h', '']] })
    expect(byKey.get('gone')).toMatchObject({ value: undefined, headers: [['h', '1']] })
    for (const { timestamp, timestampType } of records) {
      expect(timestampType).toBe('CreateTime')
      expect(timestamp).toBeGreaterThanOrEqual(before)
      expect(timestamp).toBeLessThanOrEqual(Date.now())
    }
    const ends = await kafka.endOffsets(topic)
    expect(new Set(ends.keys())).toEqual(new Set([0, 1, 2]))
    for (const [partition, end] of ends) {
      const offsets = records.filter((r) => r.partition === partition).map((r) => r.offset)
      expect(offsets).toEqual(Array.from({ length: Number(end) }, (_, index) => BigInt(index)))
    }
    expect(some).toEqual(records.filter(({ partition }) => partition === 2))
  })

  test('reads beyond the markers of transactions', async () => {
    const topic = uniqueName()
    const transactionalId = uniqueName()
    await kafka.createTopic(topic)
    const short = ['--transaction-duration-ms', '1', '--num-records', '3']
    await performanceTest(kafka, topic, [...short, '--transactional-id', transactionalId])

    const [records, ends, open] = await Promise.all([
      kafka.consumeCommitted(topic),
      kafka.endOffsets(topic),
      kafka.openTransactions(),
    ])

    expect(records).toHaveLength(3)
    expect(ends.get(0)).toBeGreaterThan(3n)
    expect(open.map((transaction) => transaction.transactionalId)).not.toContain(transactionalId)
  })
})

test('topics are created as described, and deleted', async () => {
  const kafka = await sharedKafka()
  const topic = uniqueName()
  await kafka.createTopic(topic, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
  const [again, { stdout }] = await Promise.all([
    failureOf(kafka.createTopic(topic)),
    kafka.tool('kafka-topics', ['--describe', '--topic', topic]),
  ])
  expect(again).toContain(`Topic '${topic}' already exists`)
  expect(stdout).toMatch(/PartitionCount: ?2.*ReplicationFactor: ?1.*cleanup\.policy=compact/)

  await kafka.deleteTopic(topic)

  await expect(kafka.deleteTopic(topic)).rejects.toThrow('does not exist')
})

test('a tool that takes too long is ended', async () => {
  const kafka = await sharedKafka()
  const endless = ['--topic', uniqueName()]

  const consuming = kafka.tool('kafka-console-consumer', endless, { timeoutMs: 1_000 })

  await expect(consuming).rejects.toThrow(/timed out waiting for the command/)
})

describe('a Kafka of one’s own', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka({ settings: { 'log.retention.hours': '7' } })
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
    const transactionalId = uniqueName()
    await kafka.createTopic(topic)
    await produce(kafka, topic, ['h:1\tkey\tcommitted'])
    const long = ['--transaction-duration-ms', '60000', '--num-records', '100000']
    const endless = [...long, '--transactional-id', transactionalId]
    const abandoned = failureOf(performanceTest(kafka, topic, endless, 8_000))

    const ongoing: unknown = expect.objectContaining({ transactionalId, state: 'Ongoing' })
    await eventually('the transaction', async () => {
      expect(await kafka.openTransactions()).toEqual([ongoing])
    })
    const [refused, records] = await Promise.all([
      failureOf(kafka.consumeCommitted(topic, { idleMs: 3_000 })),
      kafka.consumeCommitted(topic, { openTransactions: true }),
    ])
    expect(refused).toContain('a transaction may be open')
    expect(records.map(({ value }) => value)).toEqual(['committed'])
    expect(await abandoned).toContain('timed out')
  })
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

  test('elects another leader when one is killed, and takes no record for too few', async () => {
    const [lenient, strict] = [uniqueName('lenient'), uniqueName('strict')]
    await Promise.all([
      kafka.createTopic(lenient),
      kafka.createTopic(strict, { config: { 'min.insync.replicas': '3' } }),
    ])
    await produce(kafka, lenient, ['h:1\tkey\tfirst'])
    const leader = (await replicasOf(kafka, lenient)).leader

    await kafka.broker(leader).kill()
    await eventually('another leader, and the end of waiting for the killed broker', async () => {
      const topics = [lenient, strict].map((topic) => replicasOf(kafka, topic))
      const [ofLenient, ofStrict] = await Promise.all(topics)
      expect(ofLenient?.leader).not.toBe(leader)
      expect(ofStrict?.inSync).toHaveLength(2)
    })
    const once = ['--topic', strict, '--message-send-max-retries', '0']
    const [refused] = await Promise.all([
      kafka.tool('kafka-console-producer', once, { input: 'refused\n' }),
      produce(kafka, lenient, ['h:1\tkey\tsecond']),
    ])
    expect(refused.stderr).toContain('NotEnoughReplicasException')
    await kafka.broker(leader).start()
    await eventually('all replicas to be in sync', async () => {
      expect((await replicasOf(kafka, strict)).inSync).toEqual(['1', '2', '3'])
    })
    await produce(kafka, strict, ['h:1\tkey\ttaken'])

    const valuesOf = async (topic: string) =>
      (await kafka.consumeCommitted(topic)).map(({ value }) => value)
    expect(await Promise.all([valuesOf(lenient), valuesOf(strict)])).toEqual([
      ['first', 'second'],
      ['taken'],
    ])
  })

  test('freezes one broker, and lets it go on', async () => {
    const frozen = kafka.broker(2)

    await frozen.pause()
    await expect(probeKafka(frozen.address, kafka.ca)).rejects.toThrow('aborted')
    await probeKafka(kafka.broker(3).address, kafka.ca)
    await frozen.unpause()

    await probeKafka(frozen.address, kafka.ca)
  })

  test('knows its brokers by id, and which tools can be its clients', async () => {
    const { host, port } = kafka.broker(3).address

    expect(kafka.bootstrap[2]).toBe(`${host}:${port}`)
    expect(() => kafka.broker(4)).toThrow('there is no broker 4')
    const client = kafka.tool('kafka-topics', ['--list'], { client: {} })
    await expect(client).rejects.toThrow('can be a client of one broker only')
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

async function replicasOf(kafka: SharedKafka, topic: string) {
  const { stdout } = await kafka.tool('kafka-topics', ['--describe', '--topic', topic])
  return {
    leader: Number(/Leader: (\d+)/.exec(stdout)?.[1]),
    inSync: /Isr: ([\d,]+)/.exec(stdout)?.[1]?.split(',').toSorted(),
  }
}

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(() => 'no failure', String)
}
