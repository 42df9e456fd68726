import { FlinktsError } from '@flinkts/core/connector'
import { z } from 'zod'
import type { ConnectionOptions, ResolvedConnection } from '../connection/connection-options.ts'
import { resolveConnection } from '../connection/connection-options.ts'
import { count, qualified, retrySchema, waitMs } from '../options.ts'
import { strictOptions } from '../connection/strict-options.ts'
import type { Filled, RetryOptions } from '../options.ts'

/**
 * Where the value of a key column comes from: the name of a field of the record, or a function.
 *
 * @public
 */
export type LookupKey<In extends object> = (keyof In & string) | ((record: In) => unknown)

/** Which rows are kept for later records, and how long; see `PostgresLookupOptions`. @public */
export interface LookupCacheOptions {
  /** Keys in the memory of a subtask; the one that was not asked for longest goes first. */
  readonly keysMax: number
  /** How old what is known of a key may be, in milliseconds since it was asked for. */
  readonly ttlMs: number
  /** The same for keys without a row; 0: they are asked for again each time. As `ttlMs`. */
  readonly absentTtlMs?: number | undefined
}

/**
 * Options of `postgresLookup`. `Found` is a row as its user sees it.
 *
 * @public
 */
export interface PostgresLookupOptions<In extends object, Found extends object, Out> {
  readonly connection: ConnectionOptions
  /** `schema.name` (or `name`, of the schema `public`) of a table or view, in the stored case. */
  readonly table: string
  /**
   * The columns that must be equal, and what to. A record for which one of them is null or
   * undefined has no rows, and is not asked for.
   */
  readonly key: { readonly [column: string]: LookupKey<In> }
  /** The columns that are read; values are those of the source, see `PgValue`. */
  readonly columns: readonly (keyof NoInfer<Found> & string)[]
  /**
   * What is emitted for a record and its rows: all that have its key, in no order; none, if there
   * is none. Rows may be shared between records: change none.
   */
  readonly result: (record: In, rows: readonly Found[]) => Out
  /** Unless said, every record is asked for. */
  readonly cache?: LookupCacheOptions | undefined
  /** Keys of a query; 500. */
  readonly batchKeysMax?: number | undefined
  /** Connections, and queries at a time, of a subtask; 2. */
  readonly connectionsMax?: number | undefined
  /** A key with more rows is an error; 100. */
  readonly rowsPerKeyMax?: number | undefined
  /** How long a query may take; 10 000. */
  readonly queryTimeoutMs?: number | undefined
  /** How queries are repeated whose connection was lost, within the `timeoutMs` of `mapAsync`. */
  readonly retry?: RetryOptions | undefined
  /** json and jsonb as their exact text, or parsed (numbers in them become doubles); `text`. */
  readonly json?: 'text' | 'parse' | undefined
}

/** A column of the key. @internal */
export interface KeySource {
  readonly column: string
  readonly valueOf: (record: object) => unknown
}

/** `PostgresLookupOptions` with everything filled in, without the types of records. @internal */
export interface ResolvedPostgresLookupOptions {
  readonly connection: ResolvedConnection
  /** `schema.name` */
  readonly table: string
  readonly key: readonly KeySource[]
  readonly columns: readonly string[]
  /** Rows have the columns that the options name; their types are the user's word. */
  result(record: object, rows: readonly object[]): unknown
  readonly cache: Filled<LookupCacheOptions> | undefined
  readonly batchKeysMax: number
  readonly connectionsMax: number
  readonly rowsPerKeyMax: number
  readonly queryTimeoutMs: number
  readonly retry: Filled<RetryOptions>
  readonly json: 'text' | 'parse'
}

const queryTimeoutMs = 10_000
const countMax = 1_000_000_000

const functionSchema = z.custom<(record: object) => unknown>(
  (value) => typeof value === 'function',
  'a function is expected',
)

const lookupSchema = strictOptions({
  // Parsed on its own: its errors must not show secrets.
  connection: z.unknown(),
  table: z.string().min(1),
  key: z
    .record(z.string().min(1), z.union([z.string().min(1), functionSchema]))
    .refine((key) => Object.keys(key).length > 0, 'at least one column is expected'),
  columns: z.array(z.string().min(1)).min(1),
  result: functionSchema,
  cache: strictOptions({
    keysMax: z.int().min(1).max(countMax),
    ttlMs: z.number().positive(),
    absentTtlMs: z.number().min(0).optional(),
  }).optional(),
  batchKeysMax: count(500, 100_000),
  connectionsMax: count(2, 1_000),
  rowsPerKeyMax: count(100, countMax),
  queryTimeoutMs: waitMs(queryTimeoutMs),
  retry: retrySchema.prefault({}),
  json: z.enum(['text', 'parse']).default('text'),
})

/** @throws FlinktsError FLINKTS_OPTION_INVALID @internal */
export function resolvePostgresLookupOptions<In extends object, Found extends object, Out>(
  options: PostgresLookupOptions<In, Found, Out>,
): ResolvedPostgresLookupOptions {
  const parsed = lookupSchema.safeParse(options)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { cache, table, columns, ...rest } = parsed.data
  return Object.freeze({
    ...rest,
    connection: resolveConnection(options.connection),
    table: qualified(table),
    key: Object.entries(options.key).map(([column, from]) => keySource(column, from)),
    columns: [...new Set(columns)],
    result: options.result,
    cache: cache && { ...cache, absentTtlMs: cache.absentTtlMs ?? cache.ttlMs },
  })
}

function keySource<In extends object>(column: string, from: LookupKey<In>): KeySource {
  const valueOf = typeof from === 'function' ? from : (record: In) => record[from]
  // Only records of the stream reach it.
  return { column, valueOf: valueOf as KeySource['valueOf'] }
}

function invalid(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of postgresLookup: ${problem}`, {
    hint: 'Correct the options of "postgresLookup"; the README of the connector lists them.',
  })
}
