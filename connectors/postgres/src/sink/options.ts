import { FlinktsError } from '@flinkts/core/connector'
import { z } from 'zod'
import type { ConnectionOptions, ResolvedConnection } from '../connection/connection-options.ts'
import { resolveConnection } from '../connection/connection-options.ts'
import { qualified } from '../options.ts'

/**
 * How rows become visible, and so what is guaranteed.
 *
 * - `twoPhase`: exactly once. The rows of a checkpoint are one prepared transaction, which is
 *   committed when the checkpoint is complete. Needs `max_prepared_transactions`.
 * - `staged`: exactly once, without that: the rows wait in a staging table, and are moved when the
 *   checkpoint is complete. Writes everything twice.
 * - `auto`: `twoPhase` if the server allows enough prepared transactions, else `staged`.
 * - `append`: at least once. Committed at the checkpoint; after a crash some rows come again.
 *
 * @public
 */
export type PostgresSinkMode = 'twoPhase' | 'staged' | 'auto' | 'append'

/**
 * What goes into a column: the name of a field of the record, or a function. `undefined` gives the
 * column its default, `null` is SQL's null.
 *
 * @public
 */
export type ColumnMapping<In extends object> = (keyof In & string) | ((record: In) => unknown)

/**
 * Options of `postgresSink`.
 *
 * @public
 */
export interface PostgresSinkOptions<In extends object> {
  readonly connection: ConnectionOptions
  readonly mode: PostgresSinkMode
  /**
   * `schema.name` (or `name`, of the schema `public`), in the case that Postgres stores; or which
   * one a record goes to.
   */
  readonly table: string | ((record: In) => string)
  /** Where `table` is a function: tables to check before the start. Others may follow. */
  readonly tables?: readonly string[] | undefined
  /**
   * What is written, by the name of the column. Unless said: every field of a record into the
   * column of its name; a field without a column is an error.
   */
  readonly columns?: { readonly [column: string]: ColumnMapping<In> } | undefined
  /**
   * What strings are in columns of json and jsonb: JSON text already, or values like any other.
   * Anything else is made JSON either way. `text`.
   */
  readonly json?: 'text' | 'value' | undefined
  /**
   * The table in which the exactly-once modes note what was committed; made if it is missing.
   * `public.flinkts_ledger`.
   */
  readonly ledger?: string | undefined
  /**
   * The table in which `staged` keeps rows until their checkpoint is complete; made if it is
   * missing. `public.flinkts_staging`.
   */
  readonly staging?: string | undefined
  /**
   * How long a row waits for a lock, such as that of an equal key that another subtask has
   * written, until the job fails and starts again; 60 000.
   */
  readonly lockTimeoutMs?: number | undefined
}

/** `PostgresSinkOptions` with everything filled in. @internal */
export interface ResolvedPostgresSinkOptions<In extends object> {
  readonly connection: ResolvedConnection
  readonly mode: PostgresSinkMode
  /** `schema.name` or `name`, of a record. */
  readonly tableOf: (record: In) => string
  /** `schema.name` of those that are known before the first record. */
  readonly tables: readonly string[]
  /** Undefined: by the fields of each record. */
  readonly columns: readonly MappedColumn<In>[] | undefined
  readonly json: 'text' | 'value'
  /** `schema.name` */
  readonly ledger: string
  /** `schema.name` */
  readonly staging: string
  readonly lockTimeoutMs: number
}

/** @internal */
export interface MappedColumn<In extends object> {
  readonly column: string
  readonly valueOf: (record: In) => unknown
}

const lockTimeoutMs = 60_000
/** What Postgres can hold in the setting. */
const lockTimeoutMsMax = 2 ** 31 - 1

const mappingSchema = z.union([
  z.string().min(1),
  z.custom<(record: object) => unknown>((value) => typeof value === 'function'),
])

const sinkSchema = z.strictObject({
  // Parsed on its own: its errors must not show secrets.
  connection: z.unknown(),
  mode: z.enum(['twoPhase', 'staged', 'auto', 'append']),
  table: z.union([
    z.string().min(1),
    z.custom<(record: object) => string>((value) => typeof value === 'function'),
  ]),
  tables: z.array(z.string().min(1)).optional(),
  columns: z
    .record(z.string().min(1), mappingSchema)
    .refine((columns) => Object.keys(columns).length > 0, 'at least one column is expected')
    .optional(),
  json: z.enum(['text', 'value']).default('text'),
  ledger: z.string().min(1).default('public.flinkts_ledger'),
  staging: z.string().min(1).default('public.flinkts_staging'),
  lockTimeoutMs: z.int().min(1).max(lockTimeoutMsMax).default(lockTimeoutMs),
})

/** @throws FlinktsError FLINKTS_OPTION_INVALID @internal */
export function resolvePostgresSinkOptions<In extends object>(
  options: PostgresSinkOptions<In>,
): ResolvedPostgresSinkOptions<In> {
  const parsed = sinkSchema.safeParse(options)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { table, tables, columns } = options
  if (typeof table === 'string' && tables !== undefined) {
    throw invalid('"tables" goes with a function "table"; there is one table, "table"')
  }
  const { mode, json, ledger, staging } = parsed.data
  return Object.freeze({
    connection: resolveConnection(options.connection),
    mode,
    tableOf: typeof table === 'string' ? () => table : table,
    tables: (typeof table === 'string' ? [table] : (tables ?? [])).map(qualified),
    columns: columns === undefined ? undefined : Object.entries(columns).map(mapped),
    json,
    ledger: qualified(ledger),
    staging: qualified(staging),
    lockTimeoutMs: parsed.data.lockTimeoutMs,
  })
}

function mapped<In extends object>([column, mapping]: readonly [
  string,
  ColumnMapping<In>,
]): MappedColumn<In> {
  if (typeof mapping === 'function') return { column, valueOf: mapping }
  return { column, valueOf: (record) => record[mapping] }
}

function invalid(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of postgresSink: ${problem}`, {
    hint: 'Correct the options of "postgresSink"; the README of the connector lists them.',
  })
}
