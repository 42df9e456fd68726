import type { KafkaVersion } from '@flinkts/test-services'
import type { InvalidOptions, SourceDriver } from '@flinkts/testkit'
import {
  type KafkaRecord,
  kafkaSource,
  type KafkaSourceOptions,
  stringDeserializer,
} from '../../src/index.ts'
import { forgetRecords, kitVersions, writeKitRecords } from '../support/kit-kafka.ts'
import {
  connectionOf,
  type KitTarget,
  kitTargets,
  makeKitTarget,
  serverOf,
} from '../support/kit-target.ts'

type Text = KafkaRecord<string | null, string | null>

export type KafkaTarget = KitTarget & { readonly groupId: string }

/** The source for the conformance kit: a topic and a group for each target. */
export function kafkaSourceDriver({
  version,
  ...named
}: Pick<SourceDriver, 'name' | 'module'> & {
  readonly version: KafkaVersion
}): SourceDriver<KafkaTarget, Text> {
  return {
    ...named,
    ...kitTargets,
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
    createSource: (target) =>
      kafkaSource({
        connection: connectionOf(target),
        topics: [target.topic],
        groupId: target.groupId,
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
  }
}

/** Topics have plain names only; those of groups may have any. */
async function setup(version: KafkaVersion, name: string): Promise<KafkaTarget> {
  const target = await makeKitTarget(version)
  return { ...target, groupId: `${name} ${target.topic}` }
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
