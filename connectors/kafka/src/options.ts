import { FlinktsError, type OutputTag } from '@flinkts/core/connector'
import { z } from 'zod'
import {
  type ConnectionOptions,
  type ResolvedConnection,
  resolveConnection,
} from './connection/connection-options.ts'
import { strictOptions } from './connection/strict-options.ts'
import type { Isolation } from './protocol/isolation.ts'
import type { TopicPartition } from './protocol/topics.ts'
import type { Deserializer, KafkaDeadLetter } from './values/kafka-record.ts'

/** An offset of a partition. @public */
export interface PartitionOffset {
  readonly topic: string
  /** From 0. */
  readonly partition: number
  readonly offset: number
}

/** An end of a partition: its first record that is kept, or behind its last one. @public */
export type PartitionEnd = 'earliest' | 'latest'

/**
 * Where partitions begin that are there at the first start. It is looked up once and kept in
 * checkpoints. `committed`: where the group `groupId` is; `timestamp`: at the first record that is
 * as late. `fallback` is for partitions without such an offset; `earliest` unless said.
 *
 * @public
 */
export type StartPosition =
  | PartitionEnd
  | { readonly type: 'committed'; readonly fallback?: PartitionEnd | undefined }
  | { readonly type: 'timestamp'; readonly timestampMs: number }
  | {
      readonly type: 'offsets'
      /** Each inclusive. */
      readonly offsets: readonly PartitionOffset[]
      readonly fallback?: PartitionEnd | undefined
    }

/**
 * Where partitions end (exclusive), looked up at the first start: `latest` is their end then, with
 * `read-committed` before the first transaction that is open. `offsets` names every partition.
 *
 * @public
 */
export type StopPosition =
  | 'latest'
  | { readonly type: 'timestamp'; readonly timestampMs: number }
  | { readonly type: 'offsets'; readonly offsets: readonly PartitionOffset[] }

/** How records are fetched, and how much of them waits in memory. @public */
export interface FetchOptions {
  /** How long a broker may wait for new records; 500. */
  readonly waitMsMax?: number | undefined
  /** A broker answers as soon as it has so many; 1. */
  readonly bytesMin?: number | undefined
  /** The most of one answer; 8 MiB. */
  readonly bytesMax?: number | undefined
  /** The most of one partition in an answer, but for a batch that is larger; 1 MiB. */
  readonly partitionBytesMax?: number | undefined
  /** A partition with so many bytes in memory is not fetched from; 2 MiB. */
  readonly bufferBytesPerPartition?: number | undefined
  /**
   * With so many bytes in memory, those of paused partitions apart, a reader (subtask) fetches
   * nothing; an answer that is under way comes on top, one for each broker. 32 MiB.
   */
  readonly bufferBytesTotal?: number | undefined
  /** Whether the CRC-32C of every batch is checked; true. */
  readonly checksums?: boolean | undefined
}

/**
 * What to do with a record whose key or value cannot be deserialized. `fail`: the job fails.
 * `skip`: it is left out, and counted. `deadLetters`: it goes, as bytes, to that side output of the
 * source, which the job must read:
 *
 *     const unreadable = outputTag<KafkaDeadLetter>('unreadable')
 *     const orders = env.source('orders', kafkaSource({
 *       …, onDeserializeError: { deadLetters: unreadable },
 *     }))
 *     orders.sideOutput(unreadable).sinkTo('unreadable', …)
 *
 * @public
 */
export type OnDeserializeError =
  | 'fail'
  | 'skip'
  | { readonly deadLetters: OutputTag<KafkaDeadLetter> }

/** Options of `kafkaSource`. Exactly one of `topics`, `topicPattern` and `partitions`. @public */
export interface KafkaSourceOptions<Key = Uint8Array | null, Value = Uint8Array | null> {
  readonly connection: ConnectionOptions
  readonly topics?: readonly string[] | undefined
  /** Must match the whole name. Kafka's own topics are left out. */
  readonly topicPattern?: RegExp | undefined
  readonly partitions?: readonly TopicPartition[] | undefined
  /** `earliest` unless said. */
  readonly start?: StartPosition | undefined
  /** The source ends there; unless said, it never does. */
  readonly stop?: StopPosition | undefined
  /** What keys become; a copy of their bytes unless said. */
  readonly key?: Deserializer<Key> | undefined
  /** What values become; a copy of their bytes unless said. */
  readonly value?: Deserializer<Value> | undefined
  /** Whether only committed records of transactions are read; `read-committed`. */
  readonly isolation?: Isolation | undefined
  /** The group whose offsets show how far the job is; it must have no members. */
  readonly groupId?: string | undefined
  /** Whether offsets are committed to the group, with checkpoints; true. */
  readonly commitOffsets?: boolean | undefined
  /** How often new partitions and topics are looked for; 0: never. 300 000. */
  readonly discoveryIntervalMs?: number | undefined
  /** What to do when the next record is not kept any more; `fail`. */
  readonly onOffsetOutOfRange?: 'fail' | PartitionEnd | undefined
  /** What to do with a record whose key or value cannot be deserialized; `fail`. */
  readonly onDeserializeError?: OnDeserializeError | undefined
  /** The job fails when a partition could not be read for so long; 120 000. */
  readonly unavailableMsMax?: number | undefined
  readonly fetch?: FetchOptions | undefined
}

/** Which partitions are read. @internal */
export type Subscription =
  | { readonly type: 'topics'; readonly topics: readonly string[] }
  | { readonly type: 'pattern'; readonly pattern: RegExp }
  | { readonly type: 'partitions'; readonly partitions: readonly TopicPartition[] }

/** `FetchOptions` with everything filled in. @internal */
export type ResolvedFetchOptions = {
  readonly [Name in keyof FetchOptions]-?: Exclude<FetchOptions[Name], undefined>
}

/** `KafkaSourceOptions`, but for the deserializers, with everything filled in. @internal */
export interface ResolvedKafkaSourceOptions {
  readonly connection: ResolvedConnection
  readonly subscription: Subscription
  readonly start: StartPosition
  /** Undefined: the source has no end. */
  readonly stop?: StopPosition | undefined
  readonly isolation: Isolation
  /** Undefined: no offsets are committed. */
  readonly groupId?: string | undefined
  readonly commitOffsets: boolean
  readonly discoveryIntervalMs: number
  readonly onOffsetOutOfRange: 'fail' | PartitionEnd
  readonly onDeserializeError: OnDeserializeError
  readonly unavailableMsMax: number
  readonly fetch: ResolvedFetchOptions
}

/** The longest wait that timers of JavaScript can do. */
const waitMsMax = 2 ** 31 - 1
const MEBIBYTE = 2 ** 20
const count = (byDefault: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(waitMsMax).default(byDefault)

const topicName = z.string().regex(/^[\w.-]{1,249}$/, 'this is no name of a topic')
const partition = z.int().min(0)
const offsets = z
  .array(strictOptions({ topic: topicName, partition, offset: z.int().min(0) }))
  .min(1)
const end = z.enum(['earliest', 'latest'])
const fallback = end.default('earliest')
const timestamp = strictOptions({ type: z.literal('timestamp'), timestampMs: z.int().min(0) })

const startSchema = z.union([
  end,
  z.discriminatedUnion('type', [
    strictOptions({ type: z.literal('committed'), fallback }),
    timestamp,
    strictOptions({ type: z.literal('offsets'), offsets, fallback }),
  ]),
])

const stopSchema = z.union([
  z.literal('latest'),
  z.discriminatedUnion('type', [timestamp, strictOptions({ type: z.literal('offsets'), offsets })]),
])

const fetchSchema = strictOptions({
  waitMsMax: count(500),
  bytesMin: count(1),
  bytesMax: count(8 * MEBIBYTE),
  partitionBytesMax: count(MEBIBYTE),
  bufferBytesPerPartition: count(2 * MEBIBYTE),
  bufferBytesTotal: count(32 * MEBIBYTE),
  checksums: z.boolean().default(true),
})

const callable = z.custom<Deserializer<unknown>>(
  (value) => typeof value === 'function',
  'is no function',
)

const sourceSchema = strictOptions({
  // Parsed on its own: its errors must not show secrets.
  connection: z.unknown(),
  topics: z.array(topicName).min(1).optional(),
  topicPattern: z.instanceof(RegExp).optional(),
  partitions: z
    .array(strictOptions({ topic: topicName, partition }))
    .min(1)
    .optional(),
  start: startSchema.default('earliest'),
  stop: stopSchema.optional(),
  key: callable.optional(),
  value: callable.optional(),
  isolation: z.enum(['read-committed', 'read-uncommitted']).default('read-committed'),
  groupId: z.string().min(1).optional(),
  commitOffsets: z.boolean().default(true),
  discoveryIntervalMs: z.int().min(0).max(waitMsMax).default(300_000),
  onOffsetOutOfRange: z.enum(['fail', 'earliest', 'latest']).default('fail'),
  onDeserializeError: z
    .union([
      z.enum(['fail', 'skip']),
      z.object({ deadLetters: z.object({ id: z.string().min(1) }) }),
    ])
    .default('fail'),
  unavailableMsMax: count(120_000),
  fetch: fetchSchema.prefault({}),
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveKafkaSourceOptions<Key, Value>(
  options: KafkaSourceOptions<Key, Value>,
): ResolvedKafkaSourceOptions {
  const parsed = sourceSchema.safeParse(options)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { topics, topicPattern, partitions, ...rest } = parsed.data
  if (
    typeof rest.start === 'object' &&
    rest.start.type === 'committed' &&
    rest.groupId === undefined
  ) {
    throw invalid('"start" is "committed", but there is no "groupId"')
  }
  return Object.freeze({
    start: rest.start,
    stop: rest.stop,
    isolation: rest.isolation,
    groupId: rest.groupId,
    commitOffsets: rest.commitOffsets,
    discoveryIntervalMs: rest.discoveryIntervalMs,
    onOffsetOutOfRange: rest.onOffsetOutOfRange,
    onDeserializeError: rest.onDeserializeError,
    unavailableMsMax: rest.unavailableMsMax,
    fetch: rest.fetch,
    connection: resolveConnection(options.connection),
    subscription: subscriptionOf({ topics, topicPattern, partitions }),
  })
}

function subscriptionOf({
  topics,
  topicPattern,
  partitions,
}: Pick<KafkaSourceOptions, 'topics' | 'topicPattern' | 'partitions'>): Subscription {
  const given = [topics, topicPattern, partitions].filter((one) => one !== undefined)
  if (given.length === 1) {
    if (topics !== undefined) return { type: 'topics', topics: [...new Set(topics)] }
    if (partitions !== undefined) return { type: 'partitions', partitions }
    if (topicPattern !== undefined) {
      // A pattern with the flag g or y would remember where it was.
      const flags = topicPattern.flags.replaceAll(/[gy]/g, '')
      return { type: 'pattern', pattern: new RegExp(`^(?:${topicPattern.source})$`, flags) }
    }
  }
  throw invalid('exactly one of "topics", "topicPattern" and "partitions" is needed')
}

function invalid(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of kafkaSource: ${problem}`, {
    hint: 'Correct the options of "kafkaSource"; the README of the connector lists them.',
  })
}
