import { FlinktsError } from '@flinkts/core/connector'
import { z } from 'zod'
import {
  type ConnectionOptions,
  type ResolvedConnection,
  resolveConnection,
} from '../connection/connection-options.ts'
import { strictOptions } from '../connection/strict-options.ts'
import type { ProducerOptions } from '../producer/kafka-producer.ts'
import type { RecordHeader } from '../records/record-batch.ts'

/** What a partitioner sees of a record; one object is used again: do not keep it. @public */
export interface PartitionedRecord {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/**
 * Chooses the partition of a record: 0 (inclusive) to `partitionCount` (exclusive). @public
 */
export type Partitioner = (record: PartitionedRecord, partitionCount: number) => number

/** A key or a value: a string as UTF-8; null is none, as a value a tombstone. @public */
export type KafkaBytes = Uint8Array | string | null

/** How batches are compressed. @public */
export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Options of `kafkaSink`. @public */
export interface KafkaSinkOptions<In> {
  readonly connection: ConnectionOptions
  /** The topic of all records, or of each. Topics are never made. */
  readonly topic: string | ((record: In) => string)
  /** Records without a key unless given. */
  readonly key?: ((record: In) => KafkaBytes) | undefined
  readonly value: (record: In) => KafkaBytes
  readonly headers?: ((record: In) => readonly RecordHeader[]) | undefined
  /** Milliseconds since 1970; the event time of the record unless given, else the time now. */
  readonly timestamp?: ((record: In) => number) | undefined
  /** By the key as Kafka's own client for Java; without key one partition after the other. */
  readonly partitioner?: Partitioner | undefined
  /** `exactly-once` unless said. */
  readonly delivery?: 'exactly-once' | 'at-least-once' | undefined
  /**
   * How the transactional ids begin; needed for `exactly-once`, and of no other sink of the job.
   * Letters, digits, `.`, `_` and `-`. Keep it over restarts.
   */
  readonly transactionalIdPrefix?: string | undefined
  /**
   * Whose open transactions a start ends. `job`: those of earlier attempts of this job; others with
   * the prefix are logged. `prefix`: also those of other jobs with the prefix, such as of this one
   * before it was started afresh, without a checkpoint; none of them may run any more, or be
   * restored: what they have prepared is lost. `job` unless said.
   */
  readonly abortLingering?: 'job' | 'prefix' | undefined
  /**
   * After which the cluster aborts what is not committed: outages that last longer lose what was
   * prepared. At most `transaction.max.timeout.ms` of the brokers; 900 000.
   */
  readonly transactionTimeoutMs?: number | undefined
  /** `none` unless said. */
  readonly compression?: CompressionName | undefined
  /** The most of a batch, before compression; 512 KiB. */
  readonly batchBytesMax?: number | undefined
  /** How long a batch waits for more records; 5. */
  readonly lingerMs?: number | undefined
  /** Records in memory, of all transactions of a subtask; `write` waits beyond it. 32 MiB. */
  readonly bufferBytesMax?: number | undefined
  /** The most of one record, and of the batches of a request; 1 MiB. */
  readonly requestBytesMax?: number | undefined
  /** For so long a batch is tried again; 120 000. */
  readonly deliveryTimeoutMs?: number | undefined
  /** For so long one call of a commit is tried; the engine then calls again. 30 000. */
  readonly commitTimeoutMs?: number | undefined
}

/** `KafkaSinkOptions` with everything filled in. @internal */
export interface ResolvedKafkaSinkOptions<In> {
  readonly connection: ResolvedConnection
  readonly topic: string | ((record: In) => string)
  readonly key: ((record: In) => KafkaBytes) | undefined
  readonly value: (record: In) => KafkaBytes
  readonly headers: ((record: In) => readonly RecordHeader[]) | undefined
  readonly timestamp: ((record: In) => number) | undefined
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** Empty: at least once. */
  readonly transactionalIdPrefix: string
  readonly abortLingering: 'job' | 'prefix'
  readonly transactionTimeoutMs: number
  readonly commitTimeoutMs: number
  readonly producer: ProducerOptions
}

/** The longest wait that timers of JavaScript can do. */
const waitMsMax = 2 ** 31 - 1
const KIBIBYTE = 2 ** 10
const MEBIBYTE = 2 ** 20
/** Of a transactional id there is more. Kafka stores up to 32 767 bytes. */
const prefixLengthMax = 200
const count = (byDefault: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(waitMsMax).default(byDefault)
const callable = z.custom<unknown>((value) => typeof value === 'function', 'is no function')

const sinkSchema = strictOptions({
  // Parsed on its own: its errors must not show secrets.
  connection: z.unknown(),
  topic: z.union([z.string().regex(/^[\w.-]{1,249}$/, 'this is no name of a topic'), callable]),
  key: callable.optional(),
  value: callable,
  headers: callable.optional(),
  timestamp: callable.optional(),
  partitioner: callable.optional(),
  delivery: z.enum(['exactly-once', 'at-least-once']).default('exactly-once'),
  transactionalIdPrefix: z
    .string()
    .regex(/^[\w.-]+$/, 'only letters, digits, ".", "_" and "-" are allowed')
    .max(prefixLengthMax)
    .optional(),
  abortLingering: z.enum(['job', 'prefix']).default('job'),
  transactionTimeoutMs: z.int().min(1_000).max(waitMsMax).default(900_000),
  compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none'),
  batchBytesMax: count(512 * KIBIBYTE),
  lingerMs: z.int().min(0).max(waitMsMax).default(5),
  bufferBytesMax: count(32 * MEBIBYTE),
  requestBytesMax: count(MEBIBYTE),
  deliveryTimeoutMs: count(120_000),
  commitTimeoutMs: count(30_000),
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveKafkaSinkOptions<In>(
  options: KafkaSinkOptions<In>,
): ResolvedKafkaSinkOptions<In> {
  const parsed = sinkSchema.safeParse(options)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { data } = parsed
  const { delivery, transactionalIdPrefix = '' } = data
  if (delivery === 'exactly-once' && transactionalIdPrefix === '') {
    throw invalid('"delivery" is "exactly-once", but there is no "transactionalIdPrefix"')
  }
  if (data.batchBytesMax > data.requestBytesMax) {
    throw invalid('"batchBytesMax" is larger than "requestBytesMax"')
  }
  return Object.freeze({
    connection: resolveConnection(options.connection),
    topic: options.topic,
    key: options.key,
    value: options.value,
    headers: options.headers,
    timestamp: options.timestamp,
    delivery,
    transactionalIdPrefix: delivery === 'exactly-once' ? transactionalIdPrefix : '',
    abortLingering: data.abortLingering,
    transactionTimeoutMs: data.transactionTimeoutMs,
    commitTimeoutMs: data.commitTimeoutMs,
    producer: {
      acks: -1 as const,
      compression: { type: data.compression },
      batchBytesMax: data.batchBytesMax,
      lingerMs: data.lingerMs,
      bufferBytesMax: data.bufferBytesMax,
      requestBytesMax: data.requestBytesMax,
      deliveryTimeoutMs: data.deliveryTimeoutMs,
      partitioner: options.partitioner,
    },
  })
}

function invalid(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of kafkaSink: ${problem}`, {
    hint: 'Correct the options of "kafkaSink"; the README of the connector lists them.',
  })
}
