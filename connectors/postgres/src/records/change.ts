/**
 * What Postgres can hold in a column, as plain values that keep every digit:
 *
 * - `int2 int4 oid` number · `int8` bigint · `numeric money` string with all its digits
 * - `float4 float8` number; `NaN`, `Infinity`, `-Infinity` as strings, so that JSON can carry them
 * - `bool` boolean · `bytea` Uint8Array · `text varchar char name uuid …` string
 * - `date` `2024-05-06` · `timestamp` `2024-05-06T07:08:09.123456` · `timestamptz`
 *   `2024-05-06T07:08:09.123456Z`: always UTC, always six digits; years beyond 9999 and before 1 in
 *   the expanded form of ISO 8601 (`+12024-…`, `-000043-…`); `infinity`, `-infinity` as they are
 * - `time timetz interval` and all other types (enums, composites, ranges, geometry …): Postgres's
 *   text
 * - `json jsonb` the exact text, or with the option `json: 'parse'` the parsed value
 * - arrays: nested arrays of the element's values · domains: as their base type · SQL null: null
 *
 * @public
 */
export type PgValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PgValue[]
  | { readonly [name: string]: PgValue }

/** One row: column name to value, in the order of the columns. @public */
export interface Row {
  readonly [column: string]: PgValue
}

/** What happened to a row or a table. @public */
export type Operation = 'snapshot' | 'insert' | 'update' | 'delete' | 'truncate' | 'schema'

/** Where a change comes from. @public */
export interface ChangeSource {
  /** `schema.name` */
  readonly table: string
  /**
   * `X/Y`. A streamed change: the position of its transaction's commit record, the same for all its
   * changes and growing from one transaction to the next. A snapshot row: the position at which the
   * slot was created.
   */
  readonly lsn: string
  /**
   * Index of the change in its transaction, from 0, counted over all published tables: `(lsn,
   * position)` is unique, but for `schema` records, which have the position of the change they
   * precede. Snapshot rows have none: their key is unique.
   */
  readonly position: number | undefined
  /** The 32-bit transaction id; snapshot rows have none. */
  readonly transactionId: number | undefined
  /** When the transaction committed, as `timestamptz` in `PgValue`; snapshot rows have none. */
  readonly commitTime: string | undefined
}

/** A column as `schema` records show it. @public */
export interface SchemaColumn {
  readonly name: string
  /** The name of the type as Postgres writes it: `numeric(10,2)`, `integer[]`, `public.mood`. */
  readonly type: string
  /** Whether the column belongs to the key of the records. */
  readonly key: boolean
}

/**
 * The record of the Postgres source: one row of the snapshot or one change. All fields are always
 * there, so that every record has the same shape.
 *
 * @public
 */
export interface Change {
  readonly operation: Operation
  /**
   * The row before an update or delete, as far as the replica identity tells: with `FULL` all of
   * it; else, for deletes and for updates that change the key, the identity's columns; else
   * undefined.
   */
  readonly before: Row | undefined
  /** The row after a snapshot, insert or update; undefined for the others. */
  readonly after: Row | undefined
  /** The key of the row: of `after` if there is one, else of `before`. Undefined without a key. */
  readonly key: Row | undefined
  /**
   * Columns that Postgres did not send because an update left their large (TOAST) value as it was
   * and the replica identity is not `FULL`: they are absent from `after`. Undefined if there are
   * none.
   */
  readonly unchanged: readonly string[] | undefined
  readonly source: ChangeSource
  /** The columns of the table from now on; only in `schema` records. */
  readonly schema: readonly SchemaColumn[] | undefined
}
