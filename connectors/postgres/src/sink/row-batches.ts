import { FlinktsError } from '@flinkts/core/connector'
import { copyField, copyNull } from '../protocol/copy-text-writer.ts'
import type { MappedColumn } from './options.ts'
import type { RowBatch } from './row-batch.ts'
import { writableColumn } from './target-table.ts'
import type { TargetColumn, TargetTable } from './target-table.ts'

/** Rows of one table that bring values for the same columns. */
interface OpenBatch {
  readonly table: string
  readonly columns: readonly TargetColumn[]
  /** In the text format of COPY. */
  text: string
  rows: number
}

/**
 * Rows that wait to be sent, by table and columns, each in the order in which they came. A column
 * that a record has no value for is left to its default, so it is not in the row's COPY.
 *
 * @internal
 */
export class RowBatches<In extends object> {
  readonly #mapping: readonly MappedColumn<In>[] | undefined
  readonly #batches = new Map<string, OpenBatch>()
  #last: OpenBatch | undefined
  #characters = 0

  /** `mapping`: undefined: every field into the column of its name. */
  constructor(mapping: readonly MappedColumn<In>[] | undefined) {
    this.#mapping = mapping
  }

  /** Of all rows in it: about the bytes that they take. */
  get characters(): number {
    return this.#characters
  }

  /**
   * @throws FlinktsError FLINKTS_POSTGRES_COLUMN_INVALID, FLINKTS_POSTGRES_VALUE_INVALID: the
   * batches are then as before.
   */
  add(target: TargetTable, record: In): void {
    const columns: TargetColumn[] = []
    const values = this.#mapping === undefined ? record : valuesOf(record, this.#mapping)
    const row = rowOf(values, target, columns)
    if (columns.length === 0) throw emptyRow(target)
    const batch = this.#batchOf(target, columns)
    batch.text += `${row}\n`
    batch.rows += 1
    this.#characters += row.length + 1
  }

  /** All batches; there are none afterwards. */
  take(): readonly RowBatch[] {
    const batches = [...this.#batches.values()].map((batch) => ({
      ...batch,
      columns: batch.columns.map(({ name }) => name),
    }))
    this.#batches.clear()
    this.#last = undefined
    this.#characters = 0
    return batches
  }

  #batchOf(target: TargetTable, columns: readonly TargetColumn[]): OpenBatch {
    const last = this.#last
    if (last?.table === target.table && sameColumns(last.columns, columns)) return last
    const kind = JSON.stringify([target.table, ...columns.map(({ name }) => name)])
    let batch = this.#batches.get(kind)
    if (batch === undefined) {
      batch = { table: target.table, columns, text: '', rows: 0 }
      this.#batches.set(kind, batch)
    }
    this.#last = batch
    return batch
  }
}

/** The text of the row; adds the columns that it has values for. */
function rowOf(record: object, target: TargetTable, columns: TargetColumn[]): string {
  const values = record as Readonly<Record<string, unknown>>
  let row = ''
  for (const name of Object.keys(values)) {
    const value = values[name]
    if (value === undefined) continue
    const column = writableColumn(target, name)
    if (columns.length > 0) row += '\t'
    row += encoded(target, column, value)
    columns.push(column)
  }
  return row
}

function valuesOf<In extends object>(record: In, mapping: readonly MappedColumn<In>[]): object {
  const values: Record<string, unknown> = {}
  for (const { column, valueOf } of mapping) values[column] = valueOf(record)
  return values
}

function sameColumns(left: readonly TargetColumn[], right: readonly TargetColumn[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) {
    if (left[index] !== right[index]) return false
  }
  return true
}

function encoded(target: TargetTable, column: TargetColumn, value: unknown): string {
  if (value === null) return copyNull
  const text = column.encode(value)
  if (text !== undefined) return copyField(text)
  const kind = Array.isArray(value) ? 'an array' : `a value of JavaScript's type ${typeof value}`
  throw new FlinktsError(
    'FLINKTS_POSTGRES_VALUE_INVALID',
    `column "${column.name}" of table "${target.table}", ${column.type}, cannot hold ${kind}`,
    { hint: 'Map the field to what the column holds with the option "columns".' },
  )
}

function emptyRow(target: TargetTable): FlinktsError {
  const message = `a record for table "${target.table}" has no value for any column`
  return new FlinktsError('FLINKTS_POSTGRES_VALUE_INVALID', message, {
    hint: 'Filter such records out, or give a value: null is one, undefined is none.',
  })
}
