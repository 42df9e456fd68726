import { FlinktsError } from '@flinkts/core/connector'
import { copyField, copyNull } from '../protocol/copy-text-writer.ts'
import { encodeValue } from './encoded-row.ts'
import { KeyedRows, sameColumns } from './keyed-rows.ts'
import type { RowBatch } from './row-batch.ts'
import type { RowChange } from './row-change.ts'
import { targetKey } from './target-key.ts'
import { writableColumn } from './target-table.ts'
import type { TargetColumn, TargetTable } from './target-table.ts'

/** Inserts into one table that bring values for the same columns. */
interface Inserts {
  readonly table: string
  readonly columns: readonly TargetColumn[]
  /** In the text format of COPY. */
  text: string
  rows: number
}

/**
 * Changes of rows that wait to be sent. Inserts are kept by table and columns, each in the order in
 * which they came: a column that a record has no value for is left to its default, so it is not in
 * the row's COPY. The other changes are kept by key. Where a table gets both, one goes before the
 * other, as they came.
 *
 * @internal
 */
export class PendingRows {
  readonly #key: readonly string[] | undefined
  readonly #inserts = new Map<string, Inserts>()
  readonly #keyed = new Map<string, KeyedRows>()
  /** What goes before all that is open. */
  readonly #sealed: RowBatch[] = []
  #last: Inserts | undefined
  #characters = 0

  /** `key`: as in the options of the sink. */
  constructor(key: readonly string[] | undefined) {
    this.#key = key
  }

  /** Of all rows in it: about the bytes that they take. */
  get characters(): number {
    return this.#characters
  }

  /**
   * `row`: of a deletion, its key.
   *
   * @throws FlinktsError FLINKTS_POSTGRES_COLUMN_INVALID, FLINKTS_POSTGRES_VALUE_INVALID,
   * FLINKTS_POSTGRES_KEY_MISSING: the rows are then as before.
   */
  add(target: TargetTable, operation: RowChange['operation'], row: object): void {
    if (operation === 'insert') this.#insert(target, row)
    else this.#changeByKey(target, operation, row)
  }

  /** All that waits, in an order that keeps its meaning; nothing does afterwards. */
  take(): readonly RowBatch[] {
    for (const table of this.#keyed.keys()) this.#sealKeyed(table)
    this.#sealInserts(() => true)
    this.#characters = 0
    return this.#sealed.splice(0)
  }

  #insert(target: TargetTable, row: object): void {
    const columns: TargetColumn[] = []
    const text = copyRow(row, target, columns)
    if (columns.length === 0) throw emptyRow(target)
    if (this.#keyed.size > 0) this.#sealKeyed(target.table)
    const inserts = this.#insertsOf(target, columns)
    inserts.text += `${text}\n`
    inserts.rows += 1
    this.#characters += text.length + 1
  }

  #changeByKey(target: TargetTable, operation: 'upsert' | 'delete', row: object): void {
    const { table } = target
    const open = this.#keyed.get(table)
    const rows = open ?? new KeyedRows(target, targetKey(target, this.#key))
    const before = rows.characters
    if (operation === 'upsert') rows.upsert(row)
    else rows.delete(row)
    this.#characters += rows.characters - before
    if (open !== undefined) return
    this.#sealInserts((inserts) => inserts.table === table)
    this.#keyed.set(table, rows)
  }

  #sealKeyed(table: string): void {
    this.#sealed.push(...(this.#keyed.get(table)?.batches() ?? []))
    this.#keyed.delete(table)
  }

  #sealInserts(chosen: (inserts: Inserts) => boolean): void {
    for (const [kind, inserts] of this.#inserts) {
      if (!chosen(inserts)) continue
      const columns = inserts.columns.map(({ name }) => name)
      this.#sealed.push({ ...inserts, operation: 'insert', columns })
      this.#inserts.delete(kind)
    }
    this.#last = undefined
  }

  #insertsOf(target: TargetTable, columns: readonly TargetColumn[]): Inserts {
    const last = this.#last
    if (last?.table === target.table && sameColumns(last.columns, columns)) return last
    const kind = JSON.stringify([target.table, ...columns.map(({ name }) => name)])
    let inserts = this.#inserts.get(kind)
    if (inserts === undefined) {
      inserts = { table: target.table, columns, text: '', rows: 0 }
      this.#inserts.set(kind, inserts)
    }
    this.#last = inserts
    return inserts
  }
}

/** The text of the row; adds the columns that it has values for. */
function copyRow(record: object, target: TargetTable, columns: TargetColumn[]): string {
  const values = record as Readonly<Record<string, unknown>>
  let row = ''
  for (const name of Object.keys(values)) {
    const value = values[name]
    if (value === undefined) continue
    const column = writableColumn(target, name)
    if (columns.length > 0) row += '\t'
    const text = encodeValue(target, column, value)
    row += text === null ? copyNull : copyField(text)
    columns.push(column)
  }
  return row
}

function emptyRow(target: TargetTable): FlinktsError {
  const message = `a record for table "${target.table}" has no value for any column`
  return new FlinktsError('FLINKTS_POSTGRES_VALUE_INVALID', message, {
    hint: 'Filter such records out, or give a value: null is one, undefined is none.',
  })
}
