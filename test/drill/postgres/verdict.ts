/** Something that was done to a row, as the database that was copied noted it itself. */
export interface WrittenChange {
  /** Grows in the order of what was done to an id. */
  readonly entry: number
  readonly operation: 'insert' | 'update' | 'delete'
  readonly id: number
  /** The version of the row that was made, or, for a delete, that is gone; unique otherwise. */
  readonly change: number
  /** The row as text. */
  readonly content: string
}

/** A row of the copy. */
export interface CopiedChange extends Omit<WrittenChange, 'entry' | 'operation'> {
  readonly operation: 'snapshot' | WrittenChange['operation']
}

/** What can be wrong with the copy, a fault being of one kind. */
export type Fault = 'lost' | 'duplicated' | 'wrong' | 'disordered'

export interface Verdict {
  readonly faults: Readonly<Record<Fault, number>>
  /** Some of the faults, in words. */
  readonly examples: readonly string[]
}

const examplesMax = 5

/**
 * Compares the copy with what was written. Of an id there must be its row as it was when it was
 * read, if there was one, and then every change since, once. When rows were read is not known, so a
 * gap at the beginning is fine where the row was not there; behind `streamedSince` nothing is.
 *
 * @param copied - The changes of an id in the order of the stream.
 * @param streamedSince - An entry, exclusive, after which no row was read any more.
 */
export function judge(
  written: readonly WrittenChange[],
  copied: readonly CopiedChange[],
  streamedSince: number,
): Verdict {
  const findings = new Findings()
  const copiedById = Map.groupBy(copied, ({ id }) => id)
  const writtenById = Map.groupBy(written, ({ id }) => id)
  for (const [id, changes] of writtenById) {
    const ordered = changes.toSorted((left, right) => left.entry - right.entry)
    judgeRow(new RowHistory(ordered, streamedSince), copiedById.get(id) ?? [], findings)
  }
  for (const change of copied) {
    if (!writtenById.has(change.id)) findings.add('wrong', 'nobody wrote', change)
  }
  return findings
}

class Findings implements Verdict {
  readonly faults: Record<Fault, number> = { lost: 0, duplicated: 0, wrong: 0, disordered: 0 }
  readonly examples: string[] = []

  add(fault: Fault, what: string, { operation, id, change }: Omit<CopiedChange, 'content'>): void {
    this.faults[fault] += 1
    if (this.examples.length >= examplesMax) return
    this.examples.push(`${fault}: ${what} ${operation} of the row ${id}, version ${change}`)
  }
}

/** All that was written to a row, first to last. */
class RowHistory {
  readonly changes: readonly WrittenChange[]
  readonly #streamedSince: number
  readonly #indexes = new Map<string, number>()

  constructor(changes: readonly WrittenChange[], streamedSince: number) {
    this.changes = changes
    this.#streamedSince = streamedSince
    for (const [index, change] of changes.entries()) this.#indexes.set(nameOf(change), index)
  }

  /** Undefined: nobody wrote it. */
  indexOf(copied: CopiedChange): number | undefined {
    return this.#indexes.get(nameOf(copied))
  }

  /** The first change that must be in the copy when `index` is the first that is. */
  firstNeeded(index: number): number {
    const streamed = this.changes.findIndex(({ entry }) => entry > this.#streamedSince)
    let first = streamed === -1 ? index : Math.min(index, streamed)
    while (first > 0 && this.changes[first - 1]?.operation !== 'delete') first -= 1
    return first
  }
}

/** A delete names the version that an insert or update made. */
function nameOf({ operation, change }: Pick<CopiedChange, 'operation' | 'change'>): string {
  return `${operation === 'delete' ? 'delete' : 'row'} ${change}`
}

function judgeRow(history: RowHistory, copied: readonly CopiedChange[], findings: Findings): void {
  const seen = new Set<number>()
  let read: number | undefined
  let last = -1
  for (const change of copied) {
    const index = history.indexOf(change)
    const origin = index === undefined ? undefined : history.changes[index]
    if (index === undefined || origin === undefined || !isCopyOf(change, origin)) {
      findings.add('wrong', 'nobody wrote', change)
      continue
    }
    if (seen.has(index)) findings.add('duplicated', 'there again is', change)
    seen.add(index)
    if (change.operation === 'snapshot') {
      read = index
      continue
    }
    if (index < last) findings.add('disordered', 'too late comes', change)
    last = Math.max(last, index)
  }
  judgeGaps(history, { seen, read }, findings)
}

function isCopyOf(copied: CopiedChange, origin: WrittenChange): boolean {
  const sameOperation = copied.operation === origin.operation || copied.operation === 'snapshot'
  return sameOperation && copied.content === origin.content
}

function judgeGaps(
  history: RowHistory,
  { seen, read }: { readonly seen: ReadonlySet<number>; readonly read: number | undefined },
  findings: Findings,
): void {
  const { changes } = history
  const firstSeen = seen.size === 0 ? changes.length : Math.min(...seen)
  const first = read ?? history.firstNeeded(firstSeen)
  for (const [index, change] of changes.entries()) {
    if (index < first && seen.has(index)) findings.add('duplicated', 'read, yet there is', change)
    if (index >= first && !seen.has(index)) findings.add('lost', 'there is no', change)
  }
}
