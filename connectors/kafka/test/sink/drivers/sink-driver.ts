import { assert, type Sink } from '@flinkts/core/connector'
import { eventually, type KafkaVersion } from '@flinkts/test-services'
import type {
  InvalidOptions,
  KitRecord,
  SinkCapabilities,
  SinkDriver,
  VisibleRecord,
} from '@flinkts/testkit'
import { kafkaSink, type KafkaSinkOptions } from '../../../src/index.ts'
import {
  type CommittedTopic,
  type LoggedRecord,
  readCommittedLog,
} from '../../support/committed-log.ts'
import { kitServer, kitVersions, takeOver } from '../../support/kit-kafka.ts'
import {
  connectionOf,
  type KitTarget,
  kitTargets,
  makeKitTarget,
  serverOf,
} from '../../support/kit-target.ts'

/** Transactional ids begin with the name of its topic. */
export type Target = KitTarget

/** What differs between the sinks that are tested. */
export interface TestedSink {
  readonly version: KafkaVersion
  readonly delivery: 'exactly-once' | 'at-least-once'
}

const transactionTimeoutMs = 600_000
/** More than the largest record of the kit. */
const requestBytesMax = 8 * 2 ** 20

const capabilities: Readonly<Record<TestedSink['delivery'], SinkCapabilities>> = {
  'exactly-once': {
    guarantee: 'exactly-once',
    mechanism: '2pc',
    visibility: 'on-commit',
    fencing: 'on-takeover',
    deletes: false,
    order: 'per-split',
    maxPreparedAgeMs: transactionTimeoutMs,
    values: ['bytes'],
  },
  'at-least-once': {
    guarantee: 'at-least-once',
    mechanism: 'append',
    visibility: 'immediate',
    fencing: 'none',
    deletes: false,
    order: 'per-split',
    maxPreparedAgeMs: undefined,
    values: ['bytes'],
  },
}

/** A driver for the conformance kit: a topic, and a prefix, for each target. */
export function kafkaSinkDriver(
  { version, delivery }: TestedSink,
  named: Pick<SinkDriver, 'name' | 'module'>,
): SinkDriver<Target> {
  return {
    ...named,
    ...kitTargets,
    capabilities: capabilities[delivery],
    versions: () => kitVersions(version),
    setup: () => makeKitTarget(version),
    unreachable: async (target) => [
      { because: 'nobody listens', target: { ...target, port: 1 }, retryable: true },
      { because: 'a wrong password', target: { ...target, password: 'no' }, retryable: false },
    ],
    invalidOptions,
    createSink: (target) => createSink(target, delivery),
    async readCommitted(target) {
      const { records } = await settled(version, target)
      return records.map(visibleOf)
    },
    async listInFlight(target) {
      const { unstable } = await settled(version, target)
      const open = await openIdsOf(version, target)
      return [...open, ...unstable.map((partition) => `records in the partition ${partition}`)]
    },
    async removePrepared(target) {
      const broker = serverOf(target)
      for (const id of await openIdsOf(version, target)) await takeOver(broker, id)
    },
  }
}

function createSink(target: Target, delivery: TestedSink['delivery']): Sink<KitRecord> {
  const { topic } = target
  const options: KafkaSinkOptions<KitRecord> = {
    connection: connectionOf(target),
    topic,
    // So that each split is in one partition.
    key: ({ split }) => String(split),
    value: ({ payload }) => payload,
    headers: headersOf,
    requestBytesMax,
  }
  if (delivery === 'at-least-once') return kafkaSink({ ...options, delivery })
  return kafkaSink({ ...options, delivery, transactionalIdPrefix: topic, transactionTimeoutMs })
}

function headersOf({ id, seq, values }: KitRecord) {
  const place = [
    { key: 'id', value: Buffer.from(id) },
    { key: 'seq', value: Buffer.from(String(seq)) },
  ]
  const bytes = values?.bytes
  return bytes === undefined ? place : [...place, { key: 'bytes', value: bytes }]
}

function visibleOf({ key, value, headers }: LoggedRecord): VisibleRecord {
  return {
    id: headers['id']?.toString() ?? '',
    split: Number(key?.toString()),
    seq: Number(headers['seq']?.toString()),
    payload: value?.toString() ?? '',
    values: 'bytes' in headers ? { bytes: headers['bytes'] } : {},
  }
}

/** When the brokers have written the markers of what was committed and aborted. */
async function settled(version: KafkaVersion, target: Target): Promise<CommittedTopic> {
  const seen = await readCommittedLog(serverOf(target), target.topic)
  if (seen.unstable.length === 0) return seen
  return eventually('the markers of transactions that have ended', async () => {
    const ending = (await openTransactionsOf(version, target)).filter((e) => e.state !== 'Ongoing')
    assert(ending.length === 0, 'no transaction is about to end')
    return readCommittedLog(serverOf(target), target.topic)
  })
}

async function openIdsOf(version: KafkaVersion, target: Target): Promise<readonly string[]> {
  const open = await openTransactionsOf(version, target)
  return open.map(({ transactionalId }) => transactionalId)
}

async function openTransactionsOf(version: KafkaVersion, { topic }: Target) {
  const open = await (await kitServer(version)).openTransactions()
  return open.filter(({ transactionalId }) => transactionalId.startsWith(topic))
}

/** Options without a mistake, for a broker that nobody asks. */
const valid = {
  connection: { brokers: 'localhost:9092' },
  topic: 'records',
  value: ({ payload }: KitRecord) => payload,
  transactionalIdPrefix: 'job',
}

function invalidOptions(): readonly InvalidOptions[] {
  const { topic: _topic, ...withoutTopic } = valid
  const { connection: _connection, ...withoutConnection } = valid
  const { transactionalIdPrefix: _prefix, ...withoutPrefix } = valid
  return [
    mistake('left-out', 'topic', withoutTopic),
    mistake('left-out', 'connection', withoutConnection),
    mistake('left-out', 'transactionalIdPrefix', withoutPrefix),
    mistake('misspelt', 'transactionTimeoutMs', { ...valid, transactionTimeOutMs: 60_000 }),
    mistake('out-of-range', 'transactionalIdPrefix', { ...valid, transactionalIdPrefix: 'a b' }),
    mistake('out-of-range', 'lingerMs', { ...valid, lingerMs: -1 }),
  ]
}

function mistake(kind: InvalidOptions['mistake'], option: string, given: object): InvalidOptions {
  type Options = Parameters<typeof kafkaSink<KitRecord>>[0]
  return { mistake: kind, option, create: () => kafkaSink(given as Options) }
}
