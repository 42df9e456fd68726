import { FlinktsError } from '@flinkts/core/connector'
import { quotedItem } from '../values/value-encoder.ts'
import { encodeRow, encodeValue, type ValueText } from './encoded-row.ts'
import type { KeyedBatch } from './row-batch.ts'
import type { TargetColumn, TargetTable } from './target-table.ts'

/** What is to become of the row of a key. */
interface KeyedRow {
  readonly key: readonly ValueText[]
  /** Whether the row goes before it comes again, if it does. */
  readonly deleted: boolean
  /** The row that is to be there; undefined: none. */
  readonly row: EncodedRow | undefined
  readonly characters: number
}

interface EncodedRow {
  readonly columns: readonly TargetColumn[]
  readonly values: readonly ValueText[]
}

/** About what a key takes besides its values. */
const keyCharacters = 8

/**
 * Rows of one table that are written by key: of several changes of a key, what they come to. The
 * order of the keys does not matter, so deletions go first, and then one batch for each set of
 * columns.
 *
 * @internal
 */
export class KeyedRows {
  readonly #target: TargetTable
  readonly #key: readonly TargetColumn[]
  readonly #rows = new Map<string, KeyedRow>()
  readonly #kinds = new Map<string, readonly TargetColumn[]>()
  #lastKind: readonly TargetColumn[] = []
  #characters = 0

  /** `key`: columns of a unique index of the table. */
  constructor(target: TargetTable, key: readonly TargetColumn[]) {
    this.#target = target
    this.#key = key
  }

  /** Of all that is in it: about the bytes that they take. */
  get characters(): number {
    return this.#characters
  }

  /**
   * @throws FlinktsError FLINKTS_POSTGRES_COLUMN_INVALID, FLINKTS_POSTGRES_VALUE_INVALID: nothing
   * has changed then.
   */
  upsert(record: object): void {
    const columns: TargetColumn[] = []
    const values = encodeRow(record, this.#target, columns)
    const key = this.#keyOf(record)
    this.#change(key, (before) => {
      const row = this.#merged(before.row, { columns: this.#kindOf(columns), values })
      return { key, deleted: before.deleted, row, characters: charactersOf(row.values) }
    })
  }

  /** @throws FlinktsError FLINKTS_POSTGRES_VALUE_INVALID: nothing has changed then. */
  delete(record: object): void {
    const key = this.#keyOf(record)
    this.#change(key, () => {
      return { key, deleted: true, row: undefined, characters: charactersOf(key) }
    })
  }

  /** What to do, in this order. */
  batches(): readonly KeyedBatch[] {
    const batches: KeyedBatch[] = []
    const deleted = [...this.#rows.values()].filter((row) => row.deleted)
    if (deleted.length > 0) {
      const keys = deleted.map(({ key }) => key)
      batches.push(this.#batch('delete', this.#key, keys))
    }
    const groups = new Map<readonly TargetColumn[], (readonly ValueText[])[]>()
    for (const { row } of this.#rows.values()) {
      if (row === undefined) continue
      const group = groups.get(row.columns)
      if (group === undefined) groups.set(row.columns, [row.values])
      else group.push(row.values)
    }
    for (const [columns, rows] of groups) batches.push(this.#batch('upsert', columns, rows))
    return batches
  }

  /** The last change of a key is at the end of the map: so it is the last of its batch. */
  #change(key: readonly ValueText[], change: (before: KeyedRow) => KeyedRow): void {
    const name = JSON.stringify(key)
    const before = this.#rows.get(name)
    const after = change(before ?? { key, deleted: false, row: undefined, characters: 0 })
    this.#rows.delete(name)
    this.#rows.set(name, after)
    this.#characters += after.characters - (before?.characters ?? 0)
  }

  #keyOf(record: object): readonly ValueText[] {
    const values = record as Readonly<Record<string, unknown>>
    return this.#key.map((column) => {
      const value = values[column.name]
      if (value === undefined || value === null) throw keyMissing(this.#target, column)
      return encodeValue(this.#target, column, value)
    })
  }

  /** Rows of a kind share one list of columns, by which they are told apart. */
  #kindOf(columns: readonly TargetColumn[]): readonly TargetColumn[] {
    if (sameColumns(this.#lastKind, columns)) return this.#lastKind
    const name = JSON.stringify(columns.map((column) => column.name))
    const kind = this.#kinds.get(name) ?? columns
    this.#kinds.set(name, kind)
    this.#lastKind = kind
    return kind
  }

  /** What two upserts of a row, one after the other, come to. */
  #merged(before: EncodedRow | undefined, after: EncodedRow): EncodedRow {
    if (before === undefined || before.columns === after.columns) return after
    const missing = before.columns.filter((column) => !after.columns.includes(column))
    if (missing.length === 0) return after
    const values = missing.map((column) => before.values[before.columns.indexOf(column)] ?? null)
    return {
      columns: this.#kindOf([...after.columns, ...missing]),
      values: [...after.values, ...values],
    }
  }

  #batch(
    operation: KeyedBatch['operation'],
    columns: readonly TargetColumn[],
    rows: readonly (readonly ValueText[])[],
  ): KeyedBatch {
    return {
      operation,
      table: this.#target.table,
      columns: columns.map(({ name }) => name),
      key: this.#key.map(({ name }) => name),
      rows: rows.length,
      values: columns.map((_column, index) => arrayOf(rows, index)),
    }
  }
}

/** Whether both name the same columns, in the same order. @internal */
export function sameColumns(
  left: readonly TargetColumn[],
  right: readonly TargetColumn[],
): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) {
    if (left[index] !== right[index]) return false
  }
  return true
}

function charactersOf(values: readonly ValueText[]): number {
  return values.reduce((sum, value) => sum + (value?.length ?? 0) + 1, keyCharacters)
}

/** Needs no quotes in an array, unless it is the word null. */
const plain = /^[\w.:+-]+$/
const nullWord = /^null$/i

/** The values of a column as Postgres's array of them. */
function arrayOf(rows: readonly (readonly ValueText[])[], index: number): string {
  let array = ''
  for (const row of rows) {
    const text = row[index] ?? null
    if (array !== '') array += ','
    array += text === null ? 'NULL' : itemOf(text)
  }
  return `{${array}}`
}

function itemOf(text: string): string {
  return plain.test(text) && !nullWord.test(text) ? text : quotedItem(text)
}

function keyMissing(target: TargetTable, column: TargetColumn): FlinktsError {
  const message = `a record for table "${target.table}" has no value for its key "${column.name}"`
  return new FlinktsError('FLINKTS_POSTGRES_VALUE_INVALID', message, {
    hint:
      'Rows are written and deleted by key: give every column of it a value, or name the columns ' +
      'of another unique index with the option "key".',
  })
}
