import { assert } from '../common/assert.ts'
import { FlinktsError, toFlinktsError } from '../common/errors.ts'
import { ByteWriter } from './byte-writer.ts'
import { type EntryScope, EntryWriter } from './entry-codec.ts'
import type { KeyedStateInfo } from './operator-state.ts'
import type { PreImages, SlotTable } from './slot-table.ts'
import { columnSpeed, SnapshotChunks } from './snapshot-chunks.ts'
import type { StateFileHeader } from './state-file.ts'

/**
 * The keyed state of an operator subtask as it was when the snapshot was taken. Runs on the task's
 * thread, between records.
 *
 * @internal
 */
export interface KeyedSnapshot {
  /** Every declared state, also without entries. */
  readonly states: readonly KeyedStateInfo[]
  /**
   * The state file, in chunks with memory of their own. Every step does a bounded piece of work;
   * records may be processed between steps. May be called once.
   *
   * @throws FlinktsError FLINKTS_STATE_UNSERIALIZABLE from a step: a value has no serial form
   * @throws FlinktsError FLINKTS_CHECKPOINT_ABORTED from a step after `release`
   */
  chunks(): Iterable<Uint8Array>
  /**
   * Gives the snapshot up: it costs nothing any more, and its chunks cannot be read to the end.
   * Idempotent; nothing happens if all chunks were read.
   */
  release(): void
}

/**
 * How much one step of `chunks` does at most; numbers that are copied by pages count an eighth. A
 * single entry or page may exceed `bytesMax`.
 *
 * @internal
 */
export interface SliceLimits {
  /**
   * A step writes no further entry once it has made that many bytes. What records touched since the
   * last step is serialized by then, and comes on top.
   */
  readonly bytesMax: number
  /** A step looks at no more slots of tables than that, in use or not. */
  readonly slotsMax: number
}

/** About a millisecond, for small entries. @internal */
export const defaultSliceLimits: SliceLimits = { bytesMax: 65_536, slotsMax: 16_384 }

/** When a snapshot is taken. @internal */
export interface SnapshotTime {
  /** Grows from snapshot to snapshot. */
  readonly epoch: number
  /** What is expired by then is not in the snapshot: milliseconds since 1970. */
  readonly now: number
}

/** A state, in one namespace. @internal */
export interface SnapshotPart {
  readonly scope: EntryScope
  /** Index of the state among the states of the snapshot. */
  readonly state: number
  readonly namespace: number
}

/** A table that a snapshot covers. @internal */
export interface SnapshotTable {
  readonly table: SlotTable
  /** `undefined`: of several ones. */
  readonly keyGroup: number | undefined
  readonly part: SnapshotPart
}

/**
 * The snapshot of tables. Taking it copies nothing: a table shows a page to the snapshot before it
 * changes, and the steps of `chunks` write the rest. A page of numbers is copied into a chunk then;
 * any other entry waits, serialized, for the next step.
 *
 *   open ──last chunk──▶ complete
 *    ├────release──────▶ released
 *    └──a value without serial form──▶ failed
 *
 * @internal
 */
export class HeapSnapshot implements KeyedSnapshot {
  readonly states: readonly KeyedStateInfo[]
  readonly #now: number
  readonly #limits: SliceLimits
  readonly #chunks: SnapshotChunks
  #status: 'open' | 'complete' | 'released' | 'failed' = 'open'
  #failure: FlinktsError | undefined
  /** What is not written yet; the first one may be written in part. Last table first. */
  #pending: TableSnapshot[]
  #read = false
  /** Of the limits, what the next step may do; little at first, when the code may be cold. */
  #share = firstShare
  /** Entries that were touched since the last step. */
  readonly #touched = new Map<SnapshotPart, EntryWriter>()
  /** For the entries of one table, until they are in the chunk. */
  readonly #scratch = new ByteWriter()

  constructor(
    { epoch, now }: SnapshotTime,
    header: StateFileHeader,
    tables: readonly SnapshotTable[],
    limits: SliceLimits,
  ) {
    this.states = header.states.map(({ name, kind }) => ({ name, kind }))
    this.#now = now
    this.#limits = limits
    this.#chunks = new SnapshotChunks(header, limits.bytesMax)
    const preserve: Preserve = (of, first, end) => this.#preserve(of, first, end)
    this.#pending = tables.map((table) => new TableSnapshot(epoch, table, preserve)).toReversed()
  }

  *chunks(): Iterable<Uint8Array> {
    assert(!this.#read, 'the chunks of a snapshot are read twice')
    this.#read = true
    try {
      yield* this.#steps()
    } finally {
      // A reader that stops early has no use for the rest.
      this.release()
    }
  }

  release(): void {
    if (this.#status !== 'open') return
    this.#status = 'released'
    this.#letGo()
  }

  *#steps(): Iterable<Uint8Array> {
    for (;;) {
      this.#checkOpen()
      this.#writeTouched()
      const full = this.#chunks.takeFull()
      if (full === undefined) this.#writeTables()
      this.#checkOpen()
      if (full === undefined && this.#pending.length === 0) break
      yield full ?? this.#chunks.take()
    }
    this.#status = 'complete'
    yield* this.#chunks.end()
  }

  /** Writes of tables until a limit is reached. */
  #writeTables(): void {
    let left = this.#nextLimits()
    while (left.bytesMax > 0 && left.slotsMax > 0) {
      const next = this.#pending.at(-1)
      if (next === undefined) return
      left = next.of.table.numeric ? this.#writePage(next, left) : this.#writeEntries(next, left)
      if (!next.finished) continue
      next.detach()
      this.#pending.pop()
    }
  }

  #nextLimits(): SliceLimits {
    const { bytesMax, slotsMax } = this.#limits
    const share = this.#share
    this.#share = Math.min(1, share * 2)
    return { bytesMax: bytesMax * share, slotsMax: slotsMax * share }
  }

  /** @returns what is left of the limits. */
  #writePage(table: TableSnapshot, limits: SliceLimits): SliceLimits {
    const { first, end, changed } = table.nextPage()
    const bytes = changed ? 0 : this.#writeColumns(table.of, first, end)
    return {
      bytesMax: limits.bytesMax - bytes / columnSpeed,
      slotsMax: limits.slotsMax - 1 - (end - first) / columnSpeed,
    }
  }

  /** @returns what is left of the limits. */
  #writeEntries(table: TableSnapshot, limits: SliceLimits): SliceLimits {
    const { keyGroup, part } = table.of
    this.#scratch.truncate(0)
    const entries = new EntryWriter(part.scope, this.#scratch, this.#now)
    const slotCount = table.scan(limits, entries)
    this.#writeBlock(entries, part, keyGroup)
    return {
      bytesMax: limits.bytesMax - this.#scratch.length,
      slotsMax: limits.slotsMax - 1 - slotCount,
    }
  }

  #writeTouched(): void {
    for (const [part, entries] of this.#touched) this.#writeBlock(entries, part, undefined)
    this.#touched.clear()
  }

  #writeBlock(writer: EntryWriter, part: SnapshotPart, keyGroup: number | undefined): void {
    if (writer.count === 0) return
    const { state, namespace } = part
    const entries = writer.out.written()
    this.#chunks.entries({ keyGroup, state, namespace, entryCount: writer.count, entries })
  }

  #writeColumns({ table, part, keyGroup }: SnapshotTable, first: number, end: number): number {
    const columns = table.columns(first, end)
    if (columns.keys.length === 0) return 0
    const { state, namespace } = part
    return this.#chunks.columns({ keyGroup, state, namespace }, columns)
  }

  /** Serializes slots that are about to change: a page of numbers, or one. */
  #preserve(of: SnapshotTable, first: number, end: number): void {
    const { table, part } = of
    if (table.numeric) {
      this.#writeColumns(of, first, end)
      return
    }
    const key = table.keyAt(first)
    if (key === undefined) return
    try {
      this.#touchedOf(part).write(key, table.peek(first))
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #touchedOf(part: SnapshotPart): EntryWriter {
    const found = this.#touched.get(part)
    if (found !== undefined) return found
    const created = new EntryWriter(part.scope, new ByteWriter(4096), this.#now)
    this.#touched.set(part, created)
    return created
  }

  #checkOpen(): void {
    if (this.#status === 'open') return
    if (this.#failure !== undefined) throw this.#failure
    throw new FlinktsError(
      'FLINKTS_CHECKPOINT_ABORTED',
      'a snapshot of keyed state was released before all of it was written',
      { hint: 'The checkpoint was given up; the reason is logged. The next one is a new try.' },
    )
  }

  /** Entries are also written by tables that are touched: an error is kept for the next step. */
  #fail(thrown: unknown): void {
    if (this.#status !== 'open') return
    this.#status = 'failed'
    this.#failure = toFlinktsError(thrown, 'FLINKTS_STATE_UNSERIALIZABLE', 'state was not written')
    this.#letGo()
  }

  #letGo(): void {
    for (const table of this.#pending) table.detach()
    this.#pending = []
    this.#touched.clear()
    this.#chunks.clear()
  }
}

/** Code that was never run takes ten times as long, and more. */
const firstShare = 1 / 16

/** Where slots go that are about to change, from `first` to `end` (exclusive). */
type Preserve = (of: SnapshotTable, first: number, end: number) => void

/** What a snapshot still has to do for one table. */
class TableSnapshot implements PreImages {
  readonly epoch: number
  readonly of: SnapshotTable
  readonly #preserve: Preserve
  /** The slots at the time of the snapshot; entries in later ones are newer. */
  readonly #slotCount: number
  #cursor = 0

  constructor(epoch: number, of: SnapshotTable, preserve: Preserve) {
    this.epoch = epoch
    this.of = of
    this.#preserve = preserve
    this.#slotCount = of.table.slotCount
    of.table.attach(this)
  }

  get cursor(): number {
    return this.#cursor
  }

  get finished(): boolean {
    return this.#cursor >= this.#slotCount
  }

  preserve(first: number, end: number): void {
    this.#preserve(this.of, first, end)
  }

  /** The next page, which the caller writes at once, unless it was changed. */
  nextPage(): { readonly first: number; readonly end: number; readonly changed: boolean } {
    const { table } = this.of
    const first = this.#cursor
    this.#cursor = Math.min(table.pageEnd(first), this.#slotCount)
    return { first, end: this.#cursor, changed: !table.unchangedSince(this.epoch, first) }
  }

  /** Writes entries that are not changed, up to the limits. @returns how many slots it saw. */
  scan({ slotsMax, bytesMax }: SliceLimits, entries: EntryWriter): number {
    const { table } = this.of
    const first = this.#cursor
    const end = Math.min(first + slotsMax, this.#slotCount)
    let slot = first
    while (slot < end && entries.out.length < bytesMax) {
      if (table.unchangedSince(this.epoch, slot)) {
        const key = table.keyAt(slot)
        if (key !== undefined) entries.write(key, table.peek(slot))
      }
      slot += 1
    }
    this.#cursor = slot
    return slot - first
  }

  detach(): void {
    this.of.table.detach(this)
  }
}
