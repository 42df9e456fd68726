import { FlinktsError } from '@flinkts/core/connector'
import { z } from 'zod'
import type { SourceMode } from './state/enumerator-state.ts'
import type { ConnectionOptions, ResolvedConnection } from './connection/connection-options.ts'
import { resolveConnection } from './connection/connection-options.ts'
import { strictOptions } from './connection/strict-options.ts'

/** How the rows that exist at the start are read. @public */
export interface SnapshotOptions {
  /**
   * The rows of a chunk, roughly; a reader holds one connection and one chunk at a time. 100 000.
   */
  readonly chunkRows?: number | undefined
  /** Chunks, and connections, at a time per reader (subtask); 1. */
  readonly connectionsPerReader?: number | undefined
  /** How long transactions that were open at the start are waited for; 10 minutes. */
  readonly openTransactionTimeoutMs?: number | undefined
}

/** How changes are read. @public */
export interface StreamOptions {
  /** How often the position is confirmed to the server at least; 10 000. */
  readonly statusIntervalMs?: number | undefined
  /** The connection is taken for dead after so long without a byte; 60 000. */
  readonly receiveTimeoutMs?: number | undefined
  /** A larger row is an error that names its table; 64 MiB. */
  readonly messageBytesMax?: number | undefined
  /** Received bytes in memory at which the server is made to wait; 4 MiB. */
  readonly bufferBytesMax?: number | undefined
  /** How long another reader of the slot, maybe a dying one, is waited for; 10 000. */
  readonly slotWaitMs?: number | undefined
  /** How often lag and slot are looked at for the metrics; 10 000. */
  readonly lagIntervalMs?: number | undefined
  /**
   * Writes a small message into the WAL so often, which lets a slot move on in a database without
   * changes on a server without a busy neighbour. Off unless said: the server's keepalives do it
   * mostly.
   */
  readonly heartbeatIntervalMs?: number | undefined
}

/** How lost connections are made again. @public */
export interface RetryOptions {
  /** Attempts in a row before the job fails (and restarts, if it may); 20. */
  readonly attemptsMax?: number | undefined
  /** The pause before the first attempt; doubles with every further one. 200. */
  readonly delayMs?: number | undefined
  /** The longest pause; 10 000. */
  readonly delayMsMax?: number | undefined
}

/**
 * Options of `postgresCdc`.
 *
 * @public
 */
export interface PostgresCdcOptions {
  readonly connection: ConnectionOptions
  /**
   * `schema.name` (or `name`, of the schema `public`), in the case that Postgres stores; at least
   * one.
   */
  readonly tables: readonly string[]
  /** The name of the replication slot; made from the names of job and operator unless given. */
  readonly slot?: string | undefined
  /** The name of the publication; that of the slot unless given. */
  readonly publication?: string | undefined
  /** Whether the publication is created, and gets tables that it lacks; true. */
  readonly managePublication?: boolean | undefined
  /** How existing rows are read; `never`: only changes since the slot was made. */
  readonly snapshot?: SnapshotOptions | 'never' | undefined
  /**
   * How changes are read; `never`: only existing rows, so the source is bounded and needs no slot.
   */
  readonly stream?: StreamOptions | 'never' | undefined
  readonly retry?: RetryOptions | undefined
  /** json and jsonb as their exact text, or parsed (numbers in them become doubles); `text`. */
  readonly json?: 'text' | 'parse' | undefined
}

/** `PostgresCdcOptions` with everything filled in. @internal */
export interface ResolvedPostgresCdcOptions {
  readonly connection: ResolvedConnection
  /** `schema.name` */
  readonly tables: readonly string[]
  /** Undefined: made from the names of job and operator. */
  readonly slot: string | undefined
  readonly publication: string | undefined
  readonly managePublication: boolean
  /** What is read: rows that exist, changes, or both. */
  readonly mode: SourceMode
  readonly snapshot: Filled<SnapshotOptions>
  readonly stream: Filled<Omit<StreamOptions, 'heartbeatIntervalMs'>> & {
    /** Undefined: no heartbeat. */
    readonly heartbeatIntervalMs: number | undefined
  }
  readonly retry: Filled<RetryOptions>
  readonly json: 'text' | 'parse'
}

/** Options with every default filled in. @internal */
export type Filled<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> }

/** @throws FlinktsError FLINKTS_OPTION_INVALID @internal */
export function resolvePostgresCdcOptions(options: PostgresCdcOptions): ResolvedPostgresCdcOptions {
  const parsed = sourceSchema.safeParse(options)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { snapshot, stream, tables, ...rest } = parsed.data
  if (snapshot === 'never' && stream === 'never') {
    throw invalid('"snapshot" and "stream" are both "never", so there is nothing to read')
  }
  return Object.freeze({
    ...rest,
    slot: rest.slot,
    publication: rest.publication,
    connection: resolveConnection(options.connection),
    tables: [...new Set(tables.map(qualified))],
    mode: modeOf(snapshot, stream),
    snapshot: snapshot === 'never' ? snapshotSchema.parse({}) : snapshot,
    stream: { heartbeatIntervalMs: undefined, ...(stream === 'never' ? streamDefaults : stream) },
  })
}

function modeOf(snapshot: unknown, stream: unknown): ResolvedPostgresCdcOptions['mode'] {
  if (stream === 'never') return 'snapshot-only'
  return snapshot === 'never' ? 'stream-only' : 'snapshot-and-stream'
}

/** `schema.name` of a table whose schema may be left out. @internal */
export function qualified(table: string): string {
  return table.includes('.') ? table : `public.${table}`
}

function invalid(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of postgresCdc: ${problem}`, {
    hint: 'Correct the options of "postgresCdc"; the README of the connector lists them.',
  })
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const MEBIBYTE = 1024 * 1024
/** The longest wait that timers of JavaScript can do. */
const waitMsMax = 2 ** 31 - 1

/** An option of milliseconds, from 1. @internal */
export const waitMs = (byDefault: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(waitMsMax).default(byDefault)
/** An option that counts, from 1. @internal */
export const count = (byDefault: number, max: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(max).default(byDefault)

const snapshotSchema = strictOptions({
  chunkRows: count(100_000, 1_000_000_000),
  connectionsPerReader: count(1, 100),
  openTransactionTimeoutMs: waitMs(10 * MINUTE),
})

const streamSchema = strictOptions({
  statusIntervalMs: waitMs(10 * SECOND),
  receiveTimeoutMs: waitMs(60 * SECOND),
  messageBytesMax: count(64 * MEBIBYTE, 1024 * MEBIBYTE),
  bufferBytesMax: count(4 * MEBIBYTE, 1024 * MEBIBYTE),
  slotWaitMs: waitMs(10 * SECOND),
  lagIntervalMs: waitMs(10 * SECOND),
  heartbeatIntervalMs: z.int().min(1).max(waitMsMax).optional(),
})

const streamDefaults = streamSchema.parse({})

/** The option `retry`. @internal */
export const retrySchema: z.ZodType<Filled<RetryOptions>, RetryOptions> = strictOptions({
  attemptsMax: count(20, 1_000_000),
  delayMs: waitMs(200),
  delayMsMax: waitMs(10 * SECOND),
})

const nameBytesMax = 63
/** Slots allow only these; nobody needs more in the name of a publication. */
const nameSchema = z
  .string()
  .regex(/^[a-z0-9_]+$/, 'lowercase letters, digits and _ are expected')
  .max(nameBytesMax)
  .optional()

const sourceSchema = strictOptions({
  // Parsed on its own: its errors must not show secrets.
  connection: z.unknown(),
  tables: z.array(z.string().min(1)).min(1),
  slot: nameSchema,
  publication: nameSchema,
  managePublication: z.boolean().default(true),
  snapshot: z.union([z.literal('never'), snapshotSchema]).default(snapshotSchema.parse({})),
  stream: z.union([z.literal('never'), streamSchema]).default(streamDefaults),
  retry: retrySchema.prefault({}),
  json: z.enum(['text', 'parse']).default('text'),
})
