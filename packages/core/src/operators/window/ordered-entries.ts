import { compareIdentities, type KeyIdentity } from '../../state/key.ts'
import { HashOrder } from './hash-order.ts'

/**
 * Entries of slices by hash, then by key, then by slice. From one window to the next the entries of
 * the first slices go, and those of others come: only these are sorted, and then merged.
 *
 * @internal
 */
export class OrderedEntries {
  /** By the index of the entry; what is behind the last one is of no matter. */
  readonly #keys: KeyIdentity[] = []
  readonly #contents: unknown[] = []
  /** Of entries that were added, in order or not, or gone. */
  #size = 0
  #order = new HashOrder()
  #spare = new HashOrder()
  /** Of those that are not in order yet. */
  readonly #added = new HashOrder()

  /** The number of entries in order. */
  get count(): number {
    return this.#order.count
  }

  /** The index of the next entry that is added; it only grows until `clear`. */
  get nextIndex(): number {
    return this.#size
  }

  clear(): void {
    this.#size = 0
    this.#order.clear()
    this.#added.clear()
  }

  /** Takes an entry, of no earlier slice than the one before. It is in order after `order`. */
  add(hash: number, key: KeyIdentity, contents: unknown): void {
    this.#keys[this.#size] = key
    this.#contents[this.#size] = contents
    this.#added.add(hash, this.#size)
    this.#size += 1
  }

  /** Puts what was added in order, and lets go of entries with an index below `firstIndex`. */
  order(firstIndex: number): void {
    this.#added.sort()
    const ordered = this.#spare
    ordered.merge(this.#order, this.#added, firstIndex)
    this.#spare = this.#order
    this.#order = ordered
    this.#added.clear()
    this.#orderKeys()
  }

  hashAt(place: number): number {
    return this.#order.hashAt(place)
  }

  keyAt(place: number): KeyIdentity {
    return this.#keys[this.#order.indexAt(place)] as KeyIdentity
  }

  contentsAt(place: number): unknown {
    return this.#contents[this.#order.indexAt(place)]
  }

  /** Whether there is an entry at a place, for the key with this hash. */
  has(place: number, hash: number, key: KeyIdentity): boolean {
    return place < this.count && this.hashAt(place) === hash && this.keyAt(place) === key
  }

  /** Entries of one hash are of one key, but for the rare case that keys have the same hash. */
  #orderKeys(): void {
    for (let place = 1; place < this.count; place += 1) {
      const hash = this.hashAt(place)
      if (hash !== this.hashAt(place - 1) || this.keyAt(place) === this.keyAt(place - 1)) continue
      this.#orderKeysOf(hash, place - 1)
    }
  }

  /** `inside`: a place of that hash. */
  #orderKeysOf(hash: number, inside: number): void {
    let from = inside
    while (from > 0 && this.hashAt(from - 1) === hash) from -= 1
    let to = inside + 1
    while (to < this.count && this.hashAt(to) === hash) to += 1
    const entries = Array.from({ length: to - from }, (_, offset) => ({
      index: this.#order.indexAt(from + offset),
      key: this.keyAt(from + offset),
    }))
    entries.sort((one, other) => compareIdentities(one.key, other.key) || one.index - other.index)
    for (const [offset, { index }] of entries.entries()) this.#order.put(from + offset, index)
  }
}
