import { kafkaUsers, type KafkaVersion, uniqueName } from '@flinkts/test-services'
import type { InvalidOptions, SourceDriver } from '@flinkts/testkit'
import { startProxy, type TcpProxy } from '@flinkts/testkit/proxy'
import {
  type KafkaRecord,
  kafkaSource,
  type KafkaSourceOptions,
  stringDeserializer,
} from '../../src/index.ts'
import {
  dropKitTopic,
  forgetRecords,
  kitServer,
  kitVersions,
  makeKitTopic,
  writeKitRecords,
} from '../support/kit-kafka.ts'
import { RenamingProxy } from '../support/renaming-proxy.ts'

type Text = KafkaRecord<string | null, string | null>

/** A topic, and the way of the source to its broker, through proxies. */
export type KafkaTarget = {
  readonly host: string
  readonly port: number
  readonly password: string
  /** Of the broker itself. */
  readonly serverHost: string
  readonly serverPort: number
  readonly topic: string
  readonly groupId: string
}

/** What this process has to end, by topic. */
const places = new Map<string, readonly [TcpProxy, RenamingProxy]>()

/** The source for the conformance kit: a topic and a group for each target. */
export function kafkaSourceDriver({
  version,
  ...named
}: Pick<SourceDriver, 'name' | 'module'> & {
  readonly version: KafkaVersion
}): SourceDriver<KafkaTarget, Text> {
  return {
    ...named,
    capabilities: {
      replayable: true,
      boundedness: 'continuous-unbounded',
      splits: 'discovered',
      perSplitOrder: true,
      prunesOnAck: false,
      snapshotThenStream: false,
      emitsDeletes: true,
      emitsTruncates: false,
      reconnects: true,
      values: ['bytes'],
    },
    versions: () => kitVersions(version),
    setup: () => setup(version, 'records'),
    setupNamed: (name) => setup(version, name),
    unreachable: async (target) => [
      { because: 'nobody listens', target: { ...target, port: 1 }, retryable: true },
      { because: 'no such topic', target: { ...target, topic: 'missing' }, retryable: true },
      { because: 'a wrong password', target: { ...target, password: 'no' }, retryable: false },
    ],
    states: new URL('states/', import.meta.url),
    invalidOptions,
    createSource: ({ host, port, password, topic, groupId }) =>
      kafkaSource({
        connection: {
          brokers: [`${host}:${port}`],
          sasl: { mechanism: 'plain', username: kafkaUsers.guest.username, password },
          reconnectBackoff: { minMs: 10, maxMs: 100 },
        },
        topics: [topic],
        groupId,
        discoveryIntervalMs: 50,
        key: stringDeserializer,
        value: stringDeserializer,
      }),
    toRecords: ({ key, value, partition, headers }) => {
      const [, seq] = (key ?? '').split('-')
      const bytes = headers.find((header) => header.key === 'bytes')?.value ?? null
      return [
        {
          id: key ?? '',
          split: partition,
          seq: Number(seq),
          payload: value ?? '',
          operation: value === null ? 'delete' : 'write',
          values: { bytes },
        },
      ]
    },
    writeExternal: (target, records) => writeKitRecords(serverOf(target), target.topic, records),
    pruneUpstream: (target) => forgetRecords(serverOf(target), target.topic),
    async killConnections({ topic }) {
      places.get(topic)?.[0].reset()
    },
    async breakConnections({ topic }, byteCount) {
      places.get(topic)?.[0].breakAfter(byteCount)
    },
    secrets: ({ password }) => [password],
    async clean(target) {
      const [proxy, renaming] = places.get(target.topic) ?? []
      places.delete(target.topic)
      await proxy?.close()
      await renaming?.close()
      await dropKitTopic(serverOf(target), target.topic)
    },
  }
}

function serverOf({ serverHost: host, serverPort: port }: KafkaTarget) {
  return { host, port }
}

const partitionCount = 3

/** Topics have plain names only; those of groups may have any. */
async function setup(version: KafkaVersion, name: string): Promise<KafkaTarget> {
  const server = await kitServer(version)
  const { address } = server.broker(1)
  const topic = uniqueName('records')
  await makeKitTopic(address, topic, partitionCount)
  const renaming = await RenamingProxy.start(address)
  const proxy = await startProxy({ host: '127.0.0.1', port: renaming.port })
  const { host, port } = proxy.connection
  renaming.advertisedPort = port
  places.set(topic, [proxy, renaming])
  const { password } = kafkaUsers.guest
  const { host: serverHost, port: serverPort } = address
  const groupId = `${name} ${topic}`
  return { host, port, password, serverHost, serverPort, topic, groupId }
}

/** Options without a mistake, for a broker that nobody asks. */
const valid: KafkaSourceOptions = { connection: { brokers: 'localhost:9092' }, topics: ['records'] }

function invalidOptions(): readonly InvalidOptions[] {
  const { topics: _topics, ...withoutTopics } = valid
  const { connection: _connection, ...withoutConnection } = valid
  return [
    mistake('left-out', 'topics', withoutTopics),
    mistake('left-out', 'connection', withoutConnection),
    mistake('misspelt', 'topics', { ...withoutTopics, topic: ['records'] }),
    mistake('misspelt', 'isolation', { ...valid, isolationLevel: 'read-committed' }),
    mistake('out-of-range', 'topics', { ...valid, topics: ['a topic'] }),
    mistake('out-of-range', 'discoveryIntervalMs', { ...valid, discoveryIntervalMs: -1 }),
  ]
}

function mistake(kind: InvalidOptions['mistake'], option: string, given: object): InvalidOptions {
  return { mistake: kind, option, create: () => kafkaSource(given as KafkaSourceOptions) }
}
