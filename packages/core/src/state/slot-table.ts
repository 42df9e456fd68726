import { assert } from '../common/assert.ts'
import { FreeSlots } from './free-slots.ts'
import type { KeyIdentity } from './key.ts'
import { gathered, type NumberColumns } from './number-columns.ts'
import { copied, SlotColumn } from './slot-column.ts'
import { type HashRange, SlotIndex } from './slot-index.ts'

/** What a snapshot asks of a table: to be shown pages before they may change. @internal */
export interface PreImages {
  /** Grows from snapshot to snapshot. */
  readonly epoch: number
  /** The snapshot has dealt with the slots below this one. */
  readonly cursor: number
  /**
   * Called at most once for a slot, with those of a page from `first` to `end` (exclusive), which
   * are as they were at the time of the snapshot. Those that came later are in use no more, or not
   * yet.
   */
  preserve(first: number, end: number): void
}

/** Sees an entry, which it must not change; `hash` is the `keyHash` of its key. @internal */
export type EntryVisitor = (hash: number, key: KeyIdentity, stored: unknown) => void

/**
 * The entries of one state in one key group. Every entry has a slot; slots of removed entries are
 * used again. Keys and what is stored lie in columns, apart from each other, and outside the heap
 * where they are numbers. Runs on the task's thread.
 *
 * Slots are in pages. As long as all keys and all that is stored are numbers, a page has many
 * slots, which snapshots copy at once; then, for good, one. A page is stamped before it changes
 * while a snapshot is open, so `stamp < epoch` says: as it was when the snapshot of that epoch was
 * taken.
 *
 * @internal
 */
export class SlotTable {
  #index = new SlotIndex()
  #stored = new SlotColumn()
  /** Slots that there is room for. */
  #capacity = 0
  /** Of each page. */
  #stamps = noStamps
  /** A page has 2 to the power of it slots; 0 once anything is no number. */
  #pageShift: number
  readonly #pageShiftOfNumbers: number
  /** The slots below are in use, or in `#free`. */
  #slotCount = 0
  readonly #free = new FreeSlots()
  /** The open snapshots, oldest first. */
  #snapshots: readonly PreImages[] = []
  /** The epoch of the newest open snapshot; 0 without one. */
  #epoch = 0

  /** `pageShift` (>= 1): a page of numbers has 2 to the power of it slots. */
  constructor(pageShift: number = defaultPageShift) {
    this.#pageShift = pageShift
    this.#pageShiftOfNumbers = pageShift
  }

  /** The number of entries. */
  get size(): number {
    return this.#index.size
  }

  /** The number of slots, in use or not. */
  get slotCount(): number {
    return this.#slotCount
  }

  /** Whether all keys, and all that is stored, are numbers, so that `columns` has them. */
  get numeric(): boolean {
    return this.#pageShift > 0
  }

  /** The slot of a key with this `keyHash`; -1 if it has no entry. */
  find(hash: number, key: KeyIdentity): number {
    return this.#index.find(hash, key)
  }

  /** What is stored, to be read or changed. */
  touch(slot: number): unknown {
    // A number does not change in place.
    if (this.#epoch !== 0 && this.#pageShift === 0) this.#preserve(slot)
    return this.#stored.get(slot)
  }

  replace(slot: number, stored: unknown): void {
    if (this.#epoch !== 0) this.#preserve(slot)
    if (typeof stored !== 'number' && this.#pageShift > 0) this.#splitPages()
    this.#stored.set(slot, stored)
  }

  /** Adds an entry for a key that has none. @returns its slot. */
  insert(hash: number, key: KeyIdentity, stored: unknown): number {
    const slot = this.#free.next ?? this.#slotCount
    if (slot === this.#capacity) this.#resize(Math.max(capacityMin, slot + (slot >>> 1)))
    if (this.#epoch !== 0) this.#preserve(slot)
    if (slot === this.#slotCount) this.#slotCount += 1
    else this.#free.take()
    if (this.#pageShift > 0 && !(typeof key === 'number' && typeof stored === 'number')) {
      this.#splitPages()
    }
    this.#index.add(hash, key, slot)
    this.#stored.set(slot, stored)
    return slot
  }

  /** Removes the entry in a slot, whose key has this `keyHash`. */
  remove(hash: number, slot: number): void {
    if (this.#epoch !== 0) this.#preserve(slot)
    this.#index.remove(hash, slot)
    this.#stored.clear(slot)
    if (this.#index.size === 0) this.#forgetSlots()
    else this.#free.add(slot)
  }

  /** Makes room for so many entries more, which spares the table from growing step by step. */
  reserve(count: number): void {
    const capacity = this.#slotCount + count
    if (capacity > this.#capacity) this.#resize(capacity)
    this.#index.reserve(this.#index.size + count)
  }

  /** From now on, pages are preserved for `snapshot` before they change. */
  attach(snapshot: PreImages): void {
    this.#snapshots = [...this.#snapshots, snapshot]
    this.#epoch = snapshot.epoch
  }

  /** Ends what `attach` began. Idempotent. */
  detach(snapshot: PreImages): void {
    this.#snapshots = this.#snapshots.filter((other) => other !== snapshot)
    this.#epoch = this.#snapshots.at(-1)?.epoch ?? 0
  }

  /** The end (exclusive) of the page that a slot is in. */
  pageEnd(slot: number): number {
    return ((slot >>> this.#pageShift) + 1) << this.#pageShift
  }

  /** Whether the page of a slot is as it was at `epoch`. */
  unchangedSince(epoch: number, slot: number): boolean {
    return (this.#stamps[slot >>> this.#pageShift] as number) < epoch
  }

  /**
   * The entries in the slots from `first` to `end` (exclusive), of a table that is `numeric`; valid
   * until the table changes.
   */
  columns(first: number, end: number): NumberColumns {
    const slots = { first, end: Math.min(end, this.#slotCount), free: this.#free }
    const keys = this.#index.keys.numbers
    const values = this.#stored.numbers
    assert(keys !== undefined && values !== undefined, 'a table is not of numbers')
    return { keys: gathered(keys, slots), values: gathered(values, slots) }
  }

  /** The key in a slot; `undefined` if it is free. */
  keyAt(slot: number): KeyIdentity | undefined {
    if (slot >= this.#slotCount || this.#free.has(slot)) return undefined
    return this.#index.keyAt(slot)
  }

  /** What is stored in a slot that is not free, for reading only. */
  peek(slot: number): unknown {
    return this.#stored.get(slot)
  }

  /** Calls `visit` for every entry; reading it there is no touch. */
  forEach(visit: (key: KeyIdentity, stored: unknown) => void): void {
    for (let slot = 0; slot < this.slotCount; slot += 1) {
      const key = this.keyAt(slot)
      if (key !== undefined) visit(key, this.peek(slot))
    }
  }

  /** Calls `visit` for the entries whose `keyHash` is in the range, in no order. */
  forEachOf(range: HashRange, visit: EntryVisitor): void {
    this.#index.forEachOf(range, (slot, hash) => {
      visit(hash, this.#index.keyAt(slot), this.#stored.get(slot))
    })
  }

  #preserve(slot: number): void {
    const page = slot >>> this.#pageShift
    const stamp = this.#stamps[page] as number
    if (stamp >= this.#epoch) return
    this.#stamps[page] = this.#epoch
    for (const snapshot of this.#snapshots) {
      if (stamp < snapshot.epoch && slot >= snapshot.cursor) {
        snapshot.preserve(page << this.#pageShift, (page + 1) << this.#pageShift)
      }
    }
  }

  /** Makes a page of every slot. */
  #splitPages(): void {
    const stamps = new Uint32Array(this.#capacity)
    for (let slot = 0; slot < this.#capacity; slot += 1) {
      stamps[slot] = this.#stamps[slot >>> this.#pageShift] as number
    }
    this.#stamps = stamps
    this.#pageShift = 0
  }

  #resize(capacity: number): void {
    const pageCount = ((capacity - 1) >>> this.#pageShift) + 1
    this.#stamps = copied(this.#stamps, new Uint32Array(pageCount))
    this.#index.resize(capacity)
    this.#stored.resize(capacity)
    this.#capacity = capacity
  }

  #forgetSlots(): void {
    this.#slotCount = 0
    this.#free.clear()
    if (this.#capacity <= capacityMin) return
    this.#capacity = 0
    this.#stamps = noStamps
    this.#pageShift = this.#pageShiftOfNumbers
    this.#index = new SlotIndex()
    this.#stored = new SlotColumn()
  }
}

const noStamps: Uint32Array = new Uint32Array(0)
/** So few slots are kept when they are empty: they come and go. */
const capacityMin = 8
/** Copied in some microseconds: a record may have to wait for it. */
const defaultPageShift = 10
