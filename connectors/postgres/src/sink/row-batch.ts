/**
 * Changes of rows of one table that one statement makes: plain data, as it may be staged.
 *
 * @internal
 */
export type RowBatch = InsertBatch | KeyedBatch

interface BatchParts {
  /** `schema.name` */
  readonly table: string
  /** That the rows bring values for. */
  readonly columns: readonly string[]
  readonly rows: number
}

/** @internal */
export interface InsertBatch extends BatchParts {
  readonly operation: 'insert'
  /** In the text format of COPY. */
  readonly text: string
}

/** @internal */
export interface KeyedBatch extends BatchParts {
  readonly operation: 'upsert' | 'delete'
  /** Columns that tell rows apart; they are among `columns`. */
  readonly key: readonly string[]
  /** The values of each column, as an array of Postgres. */
  readonly values: readonly string[]
}
