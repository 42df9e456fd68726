import { assert } from '@flinkts/core/connector'
import type { Change, Row } from '../../src/index.ts'

/**
 * What a consumer has after applying records strictly: an insert of a row that is there, or a
 * change of one that is not, is a record too many or too few.
 */
export class Replica {
  readonly #tables = new Map<string, Map<string, Row>>()

  constructor(records: Iterable<Change> = []) {
    for (const record of records) this.apply(record)
  }

  /** The rows of a table, in no order. */
  rows(table: string): readonly Row[] {
    return [...this.#table(table).values()]
  }

  apply(change: Change): void {
    const rows = this.#table(change.source.table)
    if (change.operation === 'schema') return
    if (change.operation === 'truncate') return rows.clear()
    const what = (): string => `${change.operation} of ${keyOf(change.key)} at ${place(change)}`
    assert(change.key !== undefined, 'a change has no key')
    const key = keyOf(change.key)
    if (change.operation === 'snapshot' || change.operation === 'insert') {
      assert(!rows.has(key), `repeated: ${what()}`)
      rows.set(key, change.after ?? {})
      return
    }
    const oldKey = change.before === undefined ? key : keyOf(pick(change.before, change.key))
    const old = rows.get(oldKey)
    assert(old !== undefined, `lost something before: ${what()}`)
    rows.delete(oldKey)
    if (change.operation === 'delete') return
    assert(!rows.has(key), `repeated: ${what()}`)
    const kept = pickNames(old, change.unchanged ?? [])
    rows.set(key, { ...change.after, ...kept })
  }

  #table(table: string): Map<string, Row> {
    const rows = this.#tables.get(table) ?? new Map<string, Row>()
    this.#tables.set(table, rows)
    return rows
  }
}

function pick(row: Row, like: Row): Row {
  return pickNames(row, Object.keys(like))
}

function pickNames(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, row[name] ?? null]))
}

function keyOf(key: Row | undefined): string {
  return Object.values(key ?? {})
    .map((value) => (typeof value === 'bigint' ? value.toString() : JSON.stringify(value)))
    .join('|')
}

function place(change: Change): string {
  return `${change.source.lsn}#${change.source.position ?? '-'}`
}
