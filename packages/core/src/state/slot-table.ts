import type { KeyIdentity } from './key.ts'
import { copied, SlotColumn } from './slot-column.ts'
import { SlotIndex } from './slot-index.ts'

/** What a snapshot asks of a table: to be given entries before they may change. @internal */
export interface PreImages {
  /** Grows from snapshot to snapshot. */
  readonly epoch: number
  /** The snapshot has dealt with the slots below this one. */
  readonly cursor: number
  /** Called at most once for an entry, with its value at the time of the snapshot. */
  preserve(key: KeyIdentity, stored: unknown): void
}

/**
 * The entries of one state in one key group. Every entry has a slot; slots of removed entries are
 * used again. Keys and what is stored lie in columns, apart from each other, and outside the heap
 * where they are numbers. A slot is stamped when its entry is touched while a snapshot is open, so
 * `stamp < epoch` says: not touched since the snapshot of that epoch was taken. Runs on the task's
 * thread.
 *
 * @internal
 */
export class SlotTable {
  #index = new SlotIndex()
  #stored = new SlotColumn()
  /** For every slot there is room for, its stamp. */
  #stamps = noStamps
  /** The slots below are in use, or in `#free`. */
  #slotCount = 0
  readonly #free: number[] = []
  /** The open snapshots, oldest first. */
  #snapshots: readonly PreImages[] = []
  /** The epoch of the newest open snapshot; 0 without one. */
  #epoch = 0

  /** The number of entries. */
  get size(): number {
    return this.#index.size
  }

  /** The number of slots, in use or not. */
  get slotCount(): number {
    return this.#slotCount
  }

  /** The slot of a key with this `keyHash`; -1 if it has no entry. */
  find(hash: number, key: KeyIdentity): number {
    return this.#index.find(hash, key)
  }

  /** What is stored, to be read or changed. */
  touch(slot: number): unknown {
    if (this.#epoch !== 0) this.#preserve(slot)
    return this.#stored.get(slot)
  }

  replace(slot: number, stored: unknown): void {
    if (this.#epoch !== 0) this.#preserve(slot)
    this.#stored.set(slot, stored)
  }

  /** Adds an entry for a key that has none. @returns its slot. */
  insert(hash: number, key: KeyIdentity, stored: unknown): number {
    const slot = this.#free.pop() ?? this.#newSlot()
    this.#index.add(hash, key, slot)
    this.#stored.set(slot, stored)
    this.#stamps[slot] = this.#epoch
    return slot
  }

  /** Removes the entry in a slot, whose key has this `keyHash`. */
  remove(hash: number, slot: number): void {
    if (this.#epoch !== 0) this.#preserve(slot)
    this.#index.remove(hash, slot)
    this.#stored.clear(slot)
    this.#stamps[slot] = unused
    if (this.#index.size === 0) this.#forgetSlots()
    else this.#free.push(slot)
  }

  /** Makes room for so many entries more, which spares the table from growing step by step. */
  reserve(count: number): void {
    const capacity = this.#slotCount + count
    if (capacity > this.#stamps.length) this.#resize(capacity)
    this.#index.reserve(this.#index.size + count)
  }

  /** From now on, entries are preserved for `snapshot` before they are touched. */
  attach(snapshot: PreImages): void {
    this.#snapshots = [...this.#snapshots, snapshot]
    this.#epoch = snapshot.epoch
  }

  /** Ends what `attach` began. Idempotent. */
  detach(snapshot: PreImages): void {
    this.#snapshots = this.#snapshots.filter((other) => other !== snapshot)
    this.#epoch = this.#snapshots.at(-1)?.epoch ?? 0
  }

  /** The key in a slot, if its entry was not touched since `epoch`; reading it here is no touch. */
  untouchedKey(slot: number, epoch: number): KeyIdentity | undefined {
    return (this.#stamps[slot] as number) < epoch ? this.#index.keyAt(slot) : undefined
  }

  /** The key in a slot; `undefined` if it is free. */
  keyAt(slot: number): KeyIdentity | undefined {
    return this.#stamps[slot] === unused ? undefined : this.#index.keyAt(slot)
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

  /** Calls `visit` for every entry with its slot and `keyHash`, in no order. */
  forEachSlot(visit: (slot: number, hash: number) => void): void {
    this.#index.forEach(visit)
  }

  #preserve(slot: number): void {
    const stamp = this.#stamps[slot] as number
    if (stamp >= this.#epoch) return
    this.#stamps[slot] = this.#epoch
    const key = this.#index.keyAt(slot)
    for (const snapshot of this.#snapshots) {
      if (stamp < snapshot.epoch && slot >= snapshot.cursor) {
        snapshot.preserve(key, this.#stored.get(slot))
      }
    }
  }

  #newSlot(): number {
    const slot = this.#slotCount
    if (slot === this.#stamps.length) this.#resize(Math.max(capacityMin, slot + (slot >>> 1)))
    this.#slotCount += 1
    return slot
  }

  #resize(capacity: number): void {
    const stamps = new Uint32Array(capacity).fill(unused, this.#slotCount)
    this.#stamps = copied(this.#stamps, stamps)
    this.#index.resize(capacity)
    this.#stored.resize(capacity)
  }

  #forgetSlots(): void {
    this.#slotCount = 0
    this.#free.length = 0
    if (this.#stamps.length <= capacityMin) return
    this.#stamps = noStamps
    this.#index = new SlotIndex()
    this.#stored = new SlotColumn()
  }
}

/** The stamp of a slot that is not in use: later than any snapshot. */
const unused = 0xffffffff
const noStamps: Uint32Array = new Uint32Array(0)
/** So few slots are kept when they are empty: they come and go. */
const capacityMin = 8
