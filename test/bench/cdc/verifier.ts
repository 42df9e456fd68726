import { canonicalJson, type OutputEvent, type OutputRow, timestampText } from './output-event.ts'

/** A change that the workload made. */
export interface TrueChange {
  /** From 1, without gaps. */
  readonly seq: number
  readonly operation: 'c' | 'u' | 'd'
  readonly id: number
}

/** What the output must tell. */
export interface Truth {
  /** The rows of the start have the ids from 1 to this. */
  readonly rows: number
  /** In the order of `seq`. */
  readonly changes: readonly TrueChange[]
  /**
   * Changes up to this one were made before the snapshot was read to its end, so that it may have
   * read what they left; 0: none.
   */
  readonly mergeableSeq: number
}

/** A row as the database has it in the end. */
export interface FinalRow extends OutputRow {
  readonly id: number
}

/** How the output differs from the truth; a perfect one has zeros everywhere but in `events`. */
export interface Verdict {
  readonly events: number
  /** Lines that could not be read. */
  readonly malformed: number
  /** Events that tell of nothing that happened. */
  readonly unexpected: number
  readonly lost: number
  /**
   * Events that are absent because the snapshot read what a later change had made of their row:
   * reading in chunks beside the changes is like that, and the row ends right.
   */
  readonly merged: number
  readonly duplicated: number
  /** Rows that the output, applied in order, has and the database has not. */
  readonly ghosts: number
  /** Rows that the database has and the output, applied in order, has not. */
  readonly missing: number
  /** Rows that end at an older change. */
  readonly stale: number
  /** Of rows that end at the right change: how many have another value, by column. */
  readonly wrongValues: Readonly<Record<string, number>>
  /** What some of the differences are about, for people. */
  readonly examples: readonly string[]
}

const examplesMax = 10
const columnNames = ['customerId', 'amount', 'status', 'note', 'createdAt', 'payload'] as const
const separator = '\u0001'

/**
 * Compares a peer's output with what really happened. Knows nothing of flinkts: events are told by
 * the notes and ids that the data set gives them. Order of calls: `add` for all events in their
 * order, `compare` for all final rows, `finish`.
 */
export class Verifier {
  readonly #truth: Truth
  /** How often changes were seen, by `seq`. */
  readonly #changesSeen: Uint8Array
  /** How often rows of the start were seen as they were then, by id. */
  readonly #rowsSeen: Uint8Array
  readonly #idsSeen = new Set<number>()
  readonly #deletions: ReadonlyMap<number, number>
  /** Rows that were changed while the snapshot may not have read them. */
  readonly #changedEarly: ReadonlySet<number>
  /** Rows whose first appearance was at a later change. */
  readonly #readAt = new Map<number, number>()
  /** The output applied: for every row its last change (0: none) and its columns as one text. */
  readonly #state = new Map<number, { readonly seq: number; readonly columns: string }>()
  readonly #examples: string[] = []
  readonly #wrongValues: Record<string, number> = {}
  #events = 0
  #malformed = 0
  #unexpected = 0
  #missing = 0
  #stale = 0

  constructor(truth: Truth) {
    this.#truth = truth
    this.#changesSeen = new Uint8Array(truth.changes.length + 1)
    this.#rowsSeen = new Uint8Array(truth.rows + 1)
    const deletions = truth.changes.filter(({ operation }) => operation === 'd')
    this.#deletions = new Map(deletions.map(({ id, seq }) => [id, seq]))
    const early = truth.changes.filter(({ seq }) => seq <= truth.mergeableSeq)
    this.#changedEarly = new Set(early.map(({ id }) => id))
  }

  addMalformed(line: string): void {
    this.#malformed += 1
    this.#note(`malformed: ${line.slice(0, 80)}`)
  }

  add(event: OutputEvent): void {
    this.#events += 1
    const { id, row } = event
    this.#idsSeen.add(id)
    if (event.operation === 'delete' || row === undefined) {
      this.#addDeletion(id)
      return
    }
    const seq = this.#identify(event, row)
    this.#state.set(id, { seq, columns: columnsText(row) })
  }

  /** Compares the state that the events led to with the database. */
  compare(row: FinalRow): void {
    const found = this.#state.get(row.id)
    this.#state.delete(row.id)
    if (found === undefined) {
      this.#missing += 1
      this.#note(`missing: row ${row.id}`)
      return
    }
    if (found.seq !== (seqOf(row.note) ?? 0)) {
      this.#stale += 1
      this.#note(`stale: row ${row.id} ends at ${found.seq} instead of ${row.note.slice(0, 20)}`)
      return
    }
    const expected = columnsText(row)
    if (found.columns !== expected) this.#compareColumns(row.id, found.columns, expected)
  }

  finish(): Verdict {
    const absent = this.#absent()
    for (const [id] of this.#state) this.#note(`ghost: row ${id}`)
    for (const { what } of absent.filter(({ merged }) => !merged)) this.#note(`lost: ${what}`)
    return {
      events: this.#events,
      malformed: this.#malformed,
      unexpected: this.#unexpected,
      lost: absent.filter(({ merged }) => !merged).length,
      merged: absent.filter(({ merged }) => merged).length,
      duplicated: repeats(this.#changesSeen) + repeats(this.#rowsSeen),
      ghosts: this.#state.size,
      missing: this.#missing,
      stale: this.#stale,
      wrongValues: { ...this.#wrongValues },
      examples: this.#examples,
    }
  }

  #addDeletion(id: number): void {
    this.#state.delete(id)
    const seq = this.#deletions.get(id)
    if (seq === undefined) return this.#isUnexpected(`the row ${id} was never deleted`)
    this.#count(this.#changesSeen, seq, `change ${seq} (delete of row ${id})`)
  }

  /** The change that an event shows; 0: the row as it was at the start. */
  #identify({ operation, id }: OutputEvent, { note }: OutputRow): number {
    const seq = seqOf(note)
    if (seq === undefined) {
      if (note.startsWith(`s${id}:`) && id <= this.#truth.rows)
        this.#count(this.#rowsSeen, id, `row ${id}`)
      else this.#isUnexpected(`the row ${id} never had the note ${note.slice(0, 20)}`)
      return 0
    }
    const change = this.#truth.changes[seq - 1]
    const fits = operation === 'read' || change?.operation === letters[operation]
    if (change?.id !== id || change.operation === 'd' || !fits) {
      this.#isUnexpected(`${operation} of the row ${id} with the note ${note.slice(0, 20)}`)
      return seq
    }
    this.#count(this.#changesSeen, seq, `change ${seq} (${operation} of row ${id})`)
    if (operation === 'read') this.#readAt.set(id, seq)
    return seq
  }

  /** Saturates: beyond, only that there are repeats counts. */
  #count(counts: Uint8Array, index: number, what: string): void {
    const before = counts[index] ?? 0
    if (before > 0) this.#note(`duplicated: ${what}`)
    if (before < 255) counts[index] = before + 1
  }

  #absent(): readonly { readonly what: string; readonly merged: boolean }[] {
    const { changes, rows } = this.#truth
    const lostChanges = changes
      .filter(({ seq }) => this.#changesSeen[seq] === 0)
      .map(({ seq, operation, id }) => ({
        what: `change ${seq} (${operation} of row ${id})`,
        merged: this.#merged(id, seq),
      }))
    const lostRows: { readonly what: string; readonly merged: boolean }[] = []
    for (let id = 1; id <= rows; id += 1) {
      if (this.#rowsSeen[id] !== 0) continue
      lostRows.push({ what: `row ${id} of the snapshot`, merged: this.#changedEarly.has(id) })
    }
    return [...lostRows, ...lostChanges]
  }

  /** Whether a later change hid this one from the snapshot. */
  #merged(id: number, seq: number): boolean {
    const { mergeableSeq } = this.#truth
    const readAt = this.#readAt.get(id)
    if (readAt !== undefined) return seq < readAt && readAt <= mergeableSeq
    const deletedAt = this.#deletions.get(id)
    if (deletedAt === undefined || this.#idsSeen.has(id)) return false
    return seq <= deletedAt && deletedAt <= mergeableSeq
  }

  #compareColumns(id: number, found: string, expected: string): void {
    const expectedValues = expected.split(separator)
    for (const [index, value] of found.split(separator).entries()) {
      const wanted = expectedValues[index] ?? ''
      const name = columnNames[index] ?? ''
      if (value === wanted || (name === 'payload' && sameJson(value, wanted))) continue
      this.#wrongValues[name] = (this.#wrongValues[name] ?? 0) + 1
      this.#note(`wrong: row ${id} has ${name} ${value.slice(0, 60)} instead of ${wanted}`)
    }
  }

  #isUnexpected(what: string): void {
    this.#unexpected += 1
    this.#note(`unexpected: ${what}`)
  }

  #note(example: string): void {
    if (this.#examples.length < examplesMax) this.#examples.push(example)
  }
}

const letters = { insert: 'c', update: 'u', delete: 'd', read: '' } as const

/** The number of differences that no consumer could live with; merged events are none. */
export function faultCount(verdict: Verdict): number {
  const { malformed, unexpected, lost, duplicated, ghosts, missing, stale } = verdict
  const wrong = Object.values(verdict.wrongValues).reduce((sum, value) => sum + value, 0)
  return malformed + unexpected + lost + duplicated + ghosts + missing + stale + wrong
}

/** The change that wrote a note; undefined: it is one of the start. */
function seqOf(note: string): number | undefined {
  return note.startsWith('c') ? Number.parseInt(note.slice(1), 10) : undefined
}

function columnsText(row: OutputRow): string {
  const { customerId, amount, status, note, createdAt, payload } = row
  const json = typeof payload === 'string' ? payload : canonicalJson(payload)
  return [customerId, amount, status, note, timestampText(createdAt), json].join(separator)
}

function sameJson(one: string, other: string): boolean {
  try {
    return canonicalJson(JSON.parse(one)) === canonicalJson(JSON.parse(other))
  } catch {
    return false
  }
}

function repeats(counts: Uint8Array): number {
  let sum = 0
  for (const times of counts) if (times > 1) sum += times - 1
  return sum
}
