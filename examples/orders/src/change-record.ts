/** A record of the change files, as the verifier reads it. */
import { Digits, fieldsOf, type JsonObject, textOf } from './output-files.ts'
import type { TextRow } from './tables.ts'
import { parseLsn } from './witness.ts'

export interface ChangeRecord {
  readonly operation: 'snapshot' | 'insert' | 'update' | 'delete'
  /** `schema.name` */
  readonly table: string
  readonly before: TextRow | undefined
  readonly after: TextRow | undefined
  /** Columns that `after` lacks because the change left them as they were. */
  readonly unchanged: readonly string[]
  readonly lsn: bigint
  /** Index in the transaction; rows of the snapshot have none. */
  readonly position: number | undefined
}

const operations: readonly string[] = ['snapshot', 'insert', 'update', 'delete']

/** @throws Error if it is no change of a row */
export function parseChange(record: JsonObject): ChangeRecord {
  const { operation, before, after, unchanged } = record
  const source = fieldsOf(record['source'])
  const { table, lsn, position } = source
  if (typeof operation !== 'string' || !operations.includes(operation)) {
    throw new Error(`operation ${JSON.stringify(operation)} is not that of a row`)
  }
  if (typeof table !== 'string' || typeof lsn !== 'string') {
    throw new Error(`source ${JSON.stringify(source)} has no table or no lsn`)
  }
  return {
    operation: operation as ChangeRecord['operation'],
    table,
    before: rowOf(before),
    after: rowOf(after),
    unchanged: Array.isArray(unchanged) ? unchanged.map(String) : [],
    lsn: parseLsn(lsn),
    position: position instanceof Digits ? Number(position.text) : undefined,
  }
}

function rowOf(row: JsonObject[string] | undefined): TextRow | undefined {
  if (row === undefined) return undefined
  const columns = Object.entries(fieldsOf(row))
  return Object.fromEntries(columns.map(([name, value]) => [name, textOf(value)]))
}
