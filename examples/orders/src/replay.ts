/** Does to empty tables what the change records say, and compares the result with the real ones. */
import type { ChangeRecord } from './change-record.ts'
import type { Findings } from './findings.ts'
import type { Tables, TextRow } from './tables.ts'

export class Replay {
  /** By table, then by the text of `id`. */
  readonly #tables = new Map<string, Map<string, TextRow>>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes the records in the order of the files. */
  apply(change: ChangeRecord): void {
    const table = this.#table(change.table)
    const old = this.#remove(table, change)
    if (change.after === undefined) return
    const kept = change.unchanged.map((column) => [column, old?.[column] ?? null] as const)
    const row = { ...change.after, ...Object.fromEntries(kept) }
    const id = row['id'] ?? ''
    if (table.has(id)) {
      this.#findings.add('altered', `${change.operation} of ${change.table} ${id}, which is there`)
    }
    table.set(id, row)
  }

  /** To be called after the last record. */
  compareWith(expected: Tables): void {
    for (const name of new Set([...expected.keys(), ...this.#tables.keys()])) {
      this.#compareTable(name, expected.get(name) ?? new Map<string, TextRow>())
    }
  }

  /** Takes away the row that an update or delete is about. */
  #remove(table: Map<string, TextRow>, change: ChangeRecord): TextRow | undefined {
    const { operation, before, after } = change
    if (operation === 'snapshot' || operation === 'insert') return undefined
    const id = (before ?? after)?.['id'] ?? ''
    const old = table.get(id)
    if (old === undefined) {
      this.#findings.add('lost', `what made ${change.table} ${id}, before its ${operation}`)
    } else if (before !== undefined) {
      this.#expectSame(`${change.table} ${id} before its ${operation}`, before, old)
    }
    table.delete(id)
    return old
  }

  #compareTable(name: string, expected: ReadonlyMap<string, TextRow>): void {
    const actual = this.#table(name)
    for (const [id, row] of expected) {
      const replayed = actual.get(id)
      if (replayed === undefined) this.#findings.add('lost', `${name} ${id} is in the table only`)
      else this.#expectSame(`${name} ${id} at the end`, row, replayed)
    }
    for (const id of actual.keys()) {
      if (!expected.has(id)) this.#findings.add('lost', `the delete of ${name} ${id}`)
    }
  }

  /** Every column of `expected` must be the same in `actual`. */
  #expectSame(what: string, expected: TextRow, actual: TextRow): void {
    for (const [column, value] of Object.entries(expected)) {
      if (actual[column] === value) continue
      const values = `${show(value)} expected, ${show(actual[column])} replayed`
      this.#findings.add('altered', `column "${column}" of ${what}: ${values}`)
      return
    }
  }

  #table(name: string): Map<string, TextRow> {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new Map()
      this.#tables.set(name, table)
    }
    return table
  }
}

function show(value: string | null | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60)
}
