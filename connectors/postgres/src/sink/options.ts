import { FlinktsError } from '@flinkts/core/connector'
import { z } from 'zod'
import type { ConnectionOptions, ResolvedConnection } from '../connection/connection-options.ts'
import { resolveConnection } from '../connection/connection-options.ts'
import { qualified } from '../options.ts'
import { strictOptions } from '../connection/strict-options.ts'
import type { RowChange } from './row-change.ts'

/**
 * How rows become visible, and so what is guaranteed.
 *
 * - `twoPhase`: exactly once. The rows of a checkpoint are one prepared transaction, which is
 *   committed when the checkpoint is complete. Needs `max_prepared_transactions`.
 * - `staged`: exactly once, without that: the rows wait in a staging table, and are moved when the
 *   checkpoint is complete. Writes everything twice.
 * - `auto`: `twoPhase` if the server allows enough prepared transactions, else `staged`.
 * - `upsert`: effectively once. Rows are written and deleted by key and committed at the
 *   checkpoint; after a crash some changes come again, and change nothing.
 * - `append`: at least once. Committed at the checkpoint; after a crash some rows come again.
 *
 * @public
 */
export type PostgresSinkMode = 'twoPhase' | 'staged' | 'auto' | 'upsert' | 'append'

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
   * What is to become of rows because of a record: none, one or several changes, done in order. In
   * place of `columns`. Unless said, a record is a row, which `upsert` writes by key and the other
   * modes insert.
   */
  readonly write?: ((record: In) => RowChange | readonly RowChange[]) | undefined
  /**
   * Columns by which rows are written and deleted, of which there must be a unique index. Unless
   * said: the primary key.
   */
  readonly key?: readonly string[] | undefined
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
  /**
   * How long a statement may take until its connection counts as lost, and the job starts again:
   * a server that is gone may never say so. More than `lockTimeoutMs`; 300 000.
   */
  readonly statementTimeoutMs?: number | undefined
  /**
   * How long a transaction may be prepared until a warning says so: take some times the interval of
   * checkpoints. For the modes that prepare; 300 000.
   */
  readonly preparedAgeWarnMs?: number | undefined
}

/** `PostgresSinkOptions` with everything filled in. @internal */
export interface ResolvedPostgresSinkOptions<In extends object> {
  readonly connection: ResolvedConnection
  readonly mode: PostgresSinkMode
  /** `schema.name` or `name`, of a record. */
  readonly tableOf: (record: In) => string
  /** `schema.name` of those that are known before the first record. */
  readonly tables: readonly string[]
  /** What a record changes; undefined: it is one row, `rowOf`. */
  readonly changesOf: ((record: In) => readonly RowChange[]) | undefined
  /** What is done with a record that is a row. */
  readonly operation: 'insert' | 'upsert'
  readonly rowOf: (record: In) => object
  /** That rows bring values for, if it is known. */
  readonly columns: readonly string[] | undefined
  readonly key: readonly string[] | undefined
  readonly json: 'text' | 'value'
  /** `schema.name` */
  readonly ledger: string
  /** `schema.name` */
  readonly staging: string
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly preparedAgeWarnMs: number
}

const lockTimeoutMs = 60_000
const statementTimeoutMs = 300_000
const preparedAgeWarnMs = 300_000
/** What Postgres, and a timer, can hold. */
const timeoutMsMax = 2 ** 31 - 1

const mappingSchema = z.union([
  z.string().min(1),
  z.custom<(record: object) => unknown>((value) => typeof value === 'function'),
])

const sinkSchema = strictOptions({
  // Parsed on its own: its errors must not show secrets.
  connection: z.unknown(),
  mode: z.enum(['twoPhase', 'staged', 'auto', 'upsert', 'append']),
  table: z.union([
    z.string().min(1),
    z.custom<(record: object) => string>((value) => typeof value === 'function'),
  ]),
  tables: z.array(z.string().min(1)).optional(),
  columns: z
    .record(z.string().min(1), mappingSchema)
    .refine((columns) => Object.keys(columns).length > 0, 'at least one column is expected')
    .optional(),
  write: z.custom<() => unknown>((value) => typeof value === 'function').optional(),
  key: z.array(z.string().min(1)).min(1).optional(),
  json: z.enum(['text', 'value']).default('text'),
  ledger: z.string().min(1).default('public.flinkts_ledger'),
  staging: z.string().min(1).default('public.flinkts_staging'),
  lockTimeoutMs: z.int().min(1).max(timeoutMsMax).default(lockTimeoutMs),
  statementTimeoutMs: z.int().min(1).max(timeoutMsMax).default(statementTimeoutMs),
  preparedAgeWarnMs: z.int().min(1).max(timeoutMsMax).default(preparedAgeWarnMs),
})

/** @throws FlinktsError FLINKTS_OPTION_INVALID @internal */
export function resolvePostgresSinkOptions<In extends object>(
  options: PostgresSinkOptions<In>,
): ResolvedPostgresSinkOptions<In> {
  const parsed = sinkSchema.safeParse(options)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { table, tables, columns, write, key } = options
  refuseContradictions(options)
  const { mode, json, ledger, staging } = parsed.data
  if (parsed.data.statementTimeoutMs <= parsed.data.lockTimeoutMs) {
    throw invalid('"statementTimeoutMs" must be more than "lockTimeoutMs"')
  }
  return Object.freeze({
    connection: resolveConnection(options.connection),
    mode,
    tableOf: typeof table === 'string' ? () => table : table,
    tables: (typeof table === 'string' ? [table] : (tables ?? [])).map(qualified),
    changesOf: write === undefined ? undefined : changesOf(write, mode),
    operation: mode === 'upsert' ? 'upsert' : 'insert',
    rowOf: columns === undefined ? (record: In) => record : rowOf(columns),
    columns: columns === undefined ? undefined : Object.keys(columns),
    key,
    json,
    ledger: qualified(ledger),
    staging: qualified(staging),
    lockTimeoutMs: parsed.data.lockTimeoutMs,
    statementTimeoutMs: parsed.data.statementTimeoutMs,
    preparedAgeWarnMs: parsed.data.preparedAgeWarnMs,
  })
}

function refuseContradictions<In extends object>(options: PostgresSinkOptions<In>): void {
  const { mode, table, tables, columns, write, key } = options
  if (typeof table === 'string' && tables !== undefined) {
    throw invalid('"tables" goes with a function "table"; there is one table, "table"')
  }
  if (columns !== undefined && write !== undefined) {
    throw invalid('"columns" and "write" both say what is written; give one of them')
  }
  if (mode === 'append' && key !== undefined) {
    throw invalid('the mode "append" has no use for a "key"')
  }
}

/**
 * Checks each change: a mode that may repeat changes must not insert, one without keys only that.
 */
function changesOf<In extends object>(
  write: (record: In) => RowChange | readonly RowChange[],
  mode: PostgresSinkMode,
): (record: In) => readonly RowChange[] {
  const refused: ReadonlySet<RowChange['operation']> = new Set(refusals[mode])
  return (record) => {
    const written = write(record)
    const changes = Array.isArray(written)
      ? (written as readonly RowChange[])
      : [written as RowChange]
    for (const { operation } of changes) {
      if (!refused.has(operation)) continue
      throw invalid(`"write" gave the operation "${operation}", which "${mode}" cannot do`)
    }
    return changes
  }
}

const refusals: Readonly<Record<PostgresSinkMode, readonly RowChange['operation'][]>> = {
  twoPhase: [],
  staged: [],
  auto: [],
  upsert: ['insert'],
  append: ['upsert', 'delete'],
}

function rowOf<In extends object>(columns: {
  readonly [column: string]: ColumnMapping<In>
}): (record: In) => object {
  const mappings = Object.entries(columns)
  return (record) => {
    const row: Record<string, unknown> = {}
    for (const [column, mapping] of mappings) {
      row[column] = typeof mapping === 'function' ? mapping(record) : record[mapping]
    }
    return row
  }
}

function invalid(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `options of postgresSink: ${problem}`, {
    hint: 'Correct the options of "postgresSink"; the README of the connector lists them.',
  })
}
