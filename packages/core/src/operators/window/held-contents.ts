import type { CombinedRecords } from '../../network/record-combiner.ts'
import { type KeyIdentity, keyOfIdentity } from '../../state/key.ts'
import { copied, SlotColumn } from '../../state/slot-column.ts'
import { SlotIndex } from '../../state/slot-index.ts'
import type { WindowContents } from './window-contents.ts'

/**
 * The contents of keys whose records are combined before they are sent, in the order in which the
 * keys came. It only grows, until all of it is sent and `clear` makes it like new.
 *
 * @internal
 */
export class HeldContents {
  readonly #functions: WindowContents
  readonly #index = new SlotIndex()
  readonly #contents = new SlotColumn()
  /** By slot; no integers of 32 bits, which a hot key might exceed. */
  #counts = new Float64Array(0)
  #capacity = 0
  #recordCount = 0

  /** `sizeExpected`: of keys; it may be anything. */
  constructor(functions: WindowContents, sizeExpected: number) {
    this.#functions = functions
    this.#resize(sizeExpected)
    this.#index.reserve(sizeExpected)
  }

  /** The number of keys. */
  get size(): number {
    return this.#index.size
  }

  /** The number of keys that there is room for. */
  get capacity(): number {
    return this.#capacity
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** Adds a record of the key with this `keyHash`. */
  add(hash: number, key: KeyIdentity, value: unknown, timestamp: number): void {
    const found = this.#index.find(hash, key)
    const before = found < 0 ? undefined : this.#contents.get(found)
    const contents = this.#functions.add(before, value, timestamp)
    const slot = found < 0 ? this.#insert(hash, key) : found
    this.#contents.set(slot, contents)
    this.#counts[slot] = (this.#counts[slot] as number) + 1
    this.#recordCount += 1
  }

  /** What a slot below `size` holds; who takes it owns its contents. */
  take(slot: number): CombinedRecords {
    return {
      key: keyOfIdentity(this.#index.keyAt(slot)),
      contents: this.#contents.get(slot),
      count: this.#counts[slot] as number,
    }
  }

  /** Lets go of all keys, and keeps the room for them. */
  clear(): void {
    this.#index.clear()
    this.#contents.clearAll()
    this.#recordCount = 0
  }

  #insert(hash: number, key: KeyIdentity): number {
    const slot = this.#index.size
    if (slot === this.#capacity) this.#resize(Math.max(capacityMin, 2 * slot))
    this.#index.add(hash, key, slot)
    this.#counts[slot] = 0
    return slot
  }

  #resize(capacity: number): void {
    this.#capacity = capacity
    this.#index.resize(capacity)
    this.#contents.resize(capacity)
    this.#counts = copied(this.#counts, new Float64Array(capacity))
  }
}

const capacityMin = 64
