import { assert } from '@flinkts/core/connector'
import {
  eventually,
  kafkaUsers,
  type KafkaServer,
  type KafkaVersion,
  startKafka,
} from '@flinkts/test-services'
import type { KitRecord } from '@flinkts/testkit'
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs'
import { readFile } from 'node:fs/promises'

/** The client that the drivers for the conformance kit write with: none of our code. */

/** Where a broker is, for clients that log in. */
export interface KitBroker {
  readonly host: string
  readonly port: number
}

const servers = new Map<KafkaVersion, Promise<KafkaServer>>()

/** A broker with logins, for all targets of this process; it goes when the tests are over. */
export function kitServer(version: KafkaVersion): Promise<KafkaServer> {
  const started = servers.get(version) ?? startKafka({ version, security: 'sasl' })
  servers.set(version, started)
  return started
}

/** What the reports name. */
export async function kitVersions(
  version: KafkaVersion,
): Promise<Readonly<Record<string, string>>> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const server = await kitServer(version)
  const { stdout } = await server.tool('kafka-topics', ['--version'])
  return {
    '@flinkts/kafka': (JSON.parse(manifest) as { readonly version: string }).version,
    'Apache Kafka': stdout.trim().split(' ')[0] ?? '',
  }
}

/** More than the largest record of the kit. */
const batchBytesMax = 16 * 2 ** 20

export async function makeKitTopic(
  broker: KitBroker,
  topic: string,
  partitionCount: number,
): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: String(batchBytesMax) }]
  await administer(broker, async (admin) => {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitionCount, replicationFactor: 1, configEntries }],
    })
  })
  await untilLed(broker, topic, partitionCount)
}

export async function dropKitTopic(broker: KitBroker, topic: string): Promise<void> {
  await administer(broker, (admin) => admin.deleteTopics({ topics: [topic] }))
}

/** Forgets all records that are there, read or not. */
export async function forgetRecords(broker: KitBroker, topic: string): Promise<void> {
  await administer(broker, async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic)
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }))
    await admin.deleteTopicRecords({ topic, partitions })
  })
}

/** A request holds so many characters of payload at most. */
const requestCharactersMax = 1_000_000
let transactionCount = 0

/** Writes records in one transaction, each to the partition of its split; makes missing ones. */
export async function writeKitRecords(
  broker: KitBroker,
  topic: string,
  records: readonly KitRecord[],
): Promise<void> {
  if (records.length === 0) return
  await growTo(broker, topic, 1 + Math.max(...records.map(({ split }) => split)))
  transactionCount += 1
  const producer = clientOf(broker).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: `${topic}-${process.pid}-${transactionCount}`,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  for (const part of parts(records)) {
    await transaction.send({ topic, messages: part.map(messageOf) })
  }
  await transaction.commit()
  await producer.disconnect()
}

/** Takes a transactional id over: what is open under it is aborted, and its producer fenced. */
export async function takeOver(broker: KitBroker, transactionalId: string): Promise<void> {
  const producer = clientOf(broker).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.abort()
  await producer.disconnect()
}

function* parts(records: readonly KitRecord[]): Generator<readonly KitRecord[]> {
  let [part, characters]: [KitRecord[], number] = [[], 0]
  for (const record of records) {
    part.push(record)
    characters += record.payload.length
    if (characters < requestCharactersMax) continue
    yield part
    ;[part, characters] = [[], 0]
  }
  if (part.length > 0) yield part
}

function messageOf({ id, split, payload, operation, values }: KitRecord) {
  const bytes = values?.bytes
  return {
    key: id,
    // A deletion is a tombstone.
    value: operation === 'delete' ? null : payload,
    partition: split,
    headers: bytes === undefined || bytes === null ? {} : { bytes: Buffer.from(bytes) },
  }
}

async function growTo(broker: KitBroker, topic: string, partitionCount: number): Promise<void> {
  await administer(broker, async (admin) => {
    const [known] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics
    if ((known?.partitions.length ?? 0) >= partitionCount) return
    await admin.createPartitions({ topicPartitions: [{ topic, count: partitionCount }] })
    await untilLed(broker, topic, partitionCount)
  })
}

/** Until the leader of each partition answers. */
async function untilLed(broker: KitBroker, topic: string, partitionCount: number): Promise<void> {
  await eventually(`leaders of the topic "${topic}"`, () =>
    administer(broker, async (admin) => {
      const ends = await admin.fetchTopicOffsets(topic)
      assert(ends.length >= partitionCount, 'every partition has a leader')
    }),
  )
}

/** With a connection for this work alone. */
async function administer(broker: KitBroker, work: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = clientOf(broker).admin()
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.disconnect()
  }
}

function clientOf({ host, port }: KitBroker): Kafka {
  return new Kafka({
    brokers: [`${host}:${port}`],
    clientId: 'conformance',
    logLevel: logLevel.NOTHING,
    sasl: { mechanism: 'plain', ...kafkaUsers.guest },
    retry: { initialRetryTime: 20, retries: 10 },
  })
}
