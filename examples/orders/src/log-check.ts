/** Whether every change is in the output once, and in the order of the commits. */
import type { ChangeRecord } from './change-record.ts'
import type { Findings } from './findings.ts'
import type { LoggedTransaction } from './witness.ts'

export class LogCheck {
  snapshotRows = 0
  streamedChanges = 0
  /** By the position of the commit: indices of its changes. */
  readonly #streamed = new Map<bigint, Set<number>>()
  readonly #snapshot = new Set<string>()
  readonly #findings: Findings
  #last: { readonly lsn: bigint; readonly position: number } = { lsn: -1n, position: -1 }

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /**
   * Takes the records in the order of the files. Whether it is new; a repeated one is a finding.
   */
  add(change: ChangeRecord): boolean {
    return change.position === undefined
      ? this.#addSnapshotRow(change)
      : this.#addStreamed(change, change.position)
  }

  /**
   * To be called after the last record.
   *
   * @param since - what committed after this position cannot be in the snapshot
   */
  compareWith(logged: readonly LoggedTransaction[], since: bigint): void {
    const known = new Map(logged.map(({ lsn, changes }) => [lsn, changes]))
    for (const [lsn, positions] of this.#streamed) {
      const changes = known.get(lsn) ?? 0
      for (const position of positions) {
        if (position >= changes) {
          this.#findings.add('altered', `${describe(lsn, position)} is not in the database's log`)
        }
      }
    }
    for (const { lsn, changes } of logged) {
      if (lsn > since) this.#expectWhole(lsn, changes)
    }
  }

  #expectWhole(lsn: bigint, changes: number): void {
    const positions = this.#streamed.get(lsn)
    for (let position = 0; position < changes; position += 1) {
      if (positions?.has(position) !== true) this.#findings.add('lost', describe(lsn, position))
    }
  }

  #addSnapshotRow({ operation, table, after }: ChangeRecord): boolean {
    const row = `${table} ${after?.['id'] ?? ''}`
    if (operation !== 'snapshot') this.#findings.add('altered', `${operation} without position`)
    if (this.#last.position >= 0) this.#findings.add('altered', `${row} comes after changes`)
    if (this.#snapshot.has(row)) {
      this.#findings.add('duplicated', `the row of the snapshot ${row}`)
      return false
    }
    this.#snapshot.add(row)
    this.snapshotRows += 1
    return true
  }

  #addStreamed({ lsn }: ChangeRecord, position: number): boolean {
    const positions = this.#streamed.get(lsn)
    if (positions?.has(position) === true) {
      this.#findings.add('duplicated', describe(lsn, position))
      return false
    }
    const last = this.#last
    if (lsn < last.lsn || (lsn === last.lsn && position < last.position)) {
      this.#findings.add('altered', `${describe(lsn, position)} is too late: out of order`)
    }
    this.#last = { lsn, position }
    if (positions === undefined) this.#streamed.set(lsn, new Set([position]))
    else positions.add(position)
    this.streamedChanges += 1
    return true
  }
}

function describe(lsn: bigint, position: number): string {
  const high = (lsn >> 32n).toString(16).toUpperCase()
  const low = (lsn & 0xffffffffn).toString(16).toUpperCase()
  return `change ${position} of the transaction ${high}/${low}`
}
