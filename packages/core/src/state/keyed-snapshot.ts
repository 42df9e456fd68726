import { assert } from '../common/assert.ts'
import { FlinktsError, toFlinktsError } from '../common/errors.ts'
import { ByteWriter } from './byte-writer.ts'
import { type EntryScope, EntryWriter } from './entry-codec.ts'
import type { KeyIdentity } from './key.ts'
import type { KeyedStateInfo } from './operator-state.ts'
import type { PreImages, SlotTable } from './slot-table.ts'
import { type EntryBlock, type StateFileHeader, StateFileWriter } from './state-file.ts'

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

/** How much one step of `chunks` does at most; a single entry may exceed `bytesMax`. @internal */
export interface SliceLimits {
  /**
   * A step serializes no further entry once it has made that many bytes. What records touched since
   * the last step is serialized by then, and comes on top.
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
 * The snapshot of tables. Taking it copies nothing: a table lets the snapshot serialize an entry
 * before it is touched, and the steps of `chunks` serialize the rest.
 *
 *   open ──last chunk──▶ complete
 *    ├────release──────▶ released
 *    └──a value without serial form──▶ failed
 *
 * @internal
 */
export class HeapSnapshot implements KeyedSnapshot {
  readonly states: readonly KeyedStateInfo[]
  readonly #header: StateFileHeader
  readonly #now: number
  readonly #limits: SliceLimits
  readonly #file = new StateFileWriter()
  #status: 'open' | 'complete' | 'released' | 'failed' = 'open'
  #failure: FlinktsError | undefined
  /** What is not written yet; the first one may be written in part. Last table first. */
  #pending: TableSnapshot[]
  #read = false
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
    this.#header = header
    this.#now = now
    this.#limits = limits
    const preserve: Preserve = (part, key, stored) => this.#preserve(part, key, stored)
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
    this.#detachAll()
  }

  *#steps(): Iterable<Uint8Array> {
    let out = new ByteWriter(this.#limits.bytesMax + chunkSlackBytes)
    this.#file.header(out, this.#header)
    for (;;) {
      this.#checkOpen()
      this.#slice(out)
      this.#checkOpen()
      if (this.#pending.length === 0) break
      yield out.written()
      out = new ByteWriter(this.#limits.bytesMax + chunkSlackBytes)
    }
    this.#file.end(out)
    this.#status = 'complete'
    yield out.written()
  }

  /** Writes what was touched into `out`, and then tables, until a limit is reached. */
  #slice(out: ByteWriter): void {
    this.#writeTouched(out)
    const bytesMax = out.length + this.#limits.bytesMax
    let slotsMax = this.#limits.slotsMax
    while (slotsMax > 0 && out.length < bytesMax) {
      const next = this.#pending.at(-1)
      if (next === undefined) return
      slotsMax -= 1 + this.#writeTable(next, { slotsMax, bytesMax: bytesMax - out.length }, out)
      if (next.finished) {
        next.detach()
        this.#pending.pop()
      }
    }
  }

  #writeTable(table: TableSnapshot, limits: SliceLimits, out: ByteWriter): number {
    const { keyGroup, part } = table.source
    this.#scratch.truncate(0)
    const entries = new EntryWriter(part.scope, this.#scratch, this.#now)
    const slotCount = table.scan(limits, entries)
    this.#writeBlock(out, entries, { ...blockOf(part), keyGroup })
    return slotCount
  }

  #writeTouched(out: ByteWriter): void {
    for (const [part, entries] of this.#touched) {
      this.#writeBlock(out, entries, { ...blockOf(part), keyGroup: undefined })
    }
    this.#touched.clear()
  }

  #writeBlock(out: ByteWriter, entries: EntryWriter, of: BlockScope): void {
    if (entries.count === 0) return
    const block = { ...of, entryCount: entries.count, entries: entries.out.written() }
    this.#file.entries(out, block)
  }

  #preserve(part: SnapshotPart, key: KeyIdentity, stored: unknown): void {
    try {
      this.#touchedOf(part).write(key, stored)
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
    this.#detachAll()
  }

  #detachAll(): void {
    for (const table of this.#pending) table.detach()
    this.#pending = []
    this.#touched.clear()
  }
}

/** Of which entries a block is. */
type BlockScope = Pick<EntryBlock, 'keyGroup' | 'state' | 'namespace'>

function blockOf({ state, namespace }: SnapshotPart): Omit<BlockScope, 'keyGroup'> {
  return { state, namespace }
}

/** Where entries go that are touched before their turn. */
type Preserve = (part: SnapshotPart, key: KeyIdentity, stored: unknown) => void

/** What a snapshot still has to do for one table. */
class TableSnapshot implements PreImages {
  readonly epoch: number
  readonly source: SnapshotTable
  readonly #preserve: Preserve
  /** The slots at the time of the snapshot; entries in later ones are newer. */
  readonly #slotCount: number
  #cursor = 0

  constructor(epoch: number, source: SnapshotTable, preserve: Preserve) {
    this.epoch = epoch
    this.source = source
    this.#preserve = preserve
    this.#slotCount = source.table.slotCount
    source.table.attach(this)
  }

  get cursor(): number {
    return this.#cursor
  }

  get finished(): boolean {
    return this.#cursor === this.#slotCount
  }

  preserve(key: KeyIdentity, stored: unknown): void {
    this.#preserve(this.source.part, key, stored)
  }

  /** Writes untouched entries, up to the limits. @returns the number of slots it looked at. */
  scan({ slotsMax, bytesMax }: SliceLimits, entries: EntryWriter): number {
    const { table } = this.source
    const first = this.#cursor
    const end = Math.min(first + slotsMax, this.#slotCount)
    let slot = first
    while (slot < end && entries.out.length < bytesMax) {
      const key = table.untouchedKey(slot, this.epoch)
      if (key !== undefined) entries.write(key, table.peek(slot))
      slot += 1
    }
    this.#cursor = slot
    return slot - first
  }

  detach(): void {
    this.source.table.detach(this)
  }
}

/** Room in a chunk for what comes around and beyond `bytesMax`, to spare it from growing. */
const chunkSlackBytes = 1024
