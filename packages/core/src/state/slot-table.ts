import type { KeyIdentity } from './key.ts'
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
 * used again. A slot is stamped when its entry is touched while a snapshot is open, so
 * `stamp < epoch` says: not touched since the snapshot of that epoch was taken. Runs on the task's
 * thread.
 *
 * @internal
 */
export class SlotTable {
  readonly #index = new SlotIndex()
  /** For every slot its key, `undefined` if it is free, and what is stored: side by side. */
  readonly #cells: unknown[] = []
  readonly #free: number[] = []
  #stamps = new Uint32Array(8)
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
    return this.#cells.length / 2
  }

  /** The slot of a key with this `keyHash`; -1 if it has no entry. */
  find(hash: number, key: KeyIdentity): number {
    return this.#index.find(hash, key, this.#cells)
  }

  /** What is stored, to be read or changed. */
  touch(slot: number): unknown {
    if (this.#epoch !== 0) this.#preserve(slot)
    return this.#cells[2 * slot + 1]
  }

  replace(slot: number, stored: unknown): void {
    if (this.#epoch !== 0) this.#preserve(slot)
    this.#cells[2 * slot + 1] = stored
  }

  /** Adds an entry for a key that has none. @returns its slot. */
  insert(hash: number, key: KeyIdentity, stored: unknown): number {
    const slot = this.#free.pop() ?? this.slotCount
    if (slot === this.#stamps.length) this.#growStamps()
    this.#cells[2 * slot] = key
    this.#cells[2 * slot + 1] = stored
    this.#stamps[slot] = this.#epoch
    this.#index.add(hash, slot)
    return slot
  }

  /** Removes the entry in a slot, whose key has this `keyHash`. */
  remove(hash: number, slot: number): void {
    if (this.#epoch !== 0) this.#preserve(slot)
    this.#index.remove(hash, slot)
    if (this.#index.size === 0) {
      this.#forgetSlots()
      return
    }
    this.#cells[2 * slot] = undefined
    this.#cells[2 * slot + 1] = undefined
    this.#free.push(slot)
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
    return (this.#stamps[slot] as number) < epoch ? this.keyAt(slot) : undefined
  }

  /** The key in a slot; `undefined` if it is free. */
  keyAt(slot: number): KeyIdentity | undefined {
    return this.#cells[2 * slot] as KeyIdentity | undefined
  }

  /** What is stored in a slot, for reading only. */
  peek(slot: number): unknown {
    return this.#cells[2 * slot + 1]
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
    const key = this.keyAt(slot)
    if (key === undefined) return
    for (const snapshot of this.#snapshots) {
      if (stamp < snapshot.epoch && slot >= snapshot.cursor) {
        snapshot.preserve(key, this.#cells[2 * slot + 1])
      }
    }
  }

  #growStamps(): void {
    const stamps = new Uint32Array(this.#stamps.length * 2)
    stamps.set(this.#stamps)
    this.#stamps = stamps
  }

  #forgetSlots(): void {
    this.#cells.length = 0
    this.#free.length = 0
    this.#stamps = new Uint32Array(8)
  }
}
