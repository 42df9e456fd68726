import type { KeyIdentity } from './key.ts'

/**
 * Finds the slot of a key by its hash: open addressing with linear probing, in one typed array, so
 * that a look-up reads as little memory as it can, and the garbage collector none.
 *
 * Hashes are signed 32-bit integers. Keys live in the slots of the owner, which `find` is given:
 * the key of slot `s` is `cells[2 * s]`. The high bits of the hash choose the bucket, because its
 * low bits already chose the key group.
 *
 * @internal
 */
export class SlotIndex {
  /** Pairs: the slot plus one, or 0 in a free bucket, and the hash. */
  #buckets = new Int32Array(2 * bucketCountMin)
  #shift = 32 - Math.log2(bucketCountMin)
  #size = 0

  /** The number of keys. */
  get size(): number {
    return this.#size
  }

  /** The slot of a key; -1 if there is none. */
  find(hash: number, key: KeyIdentity, cells: readonly unknown[]): number {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let at = (hash >>> this.#shift) << 1
    for (;;) {
      const slot = (buckets[at] as number) - 1
      if (slot < 0) return -1
      if (buckets[at + 1] === hash && cells[slot << 1] === key) return slot
      at = (at + 2) & mask
    }
  }

  /** Calls `visit` for every key, in no order. */
  forEach(visit: (slot: number, hash: number) => void): void {
    const buckets = this.#buckets
    for (let at = 0; at < buckets.length; at += 2) {
      const slot = (buckets[at] as number) - 1
      if (slot >= 0) visit(slot, buckets[at + 1] as number)
    }
  }

  /** Adds a key that is not there. */
  add(hash: number, slot: number): void {
    this.#size += 1
    if (this.#size * 4 > this.#buckets.length) this.#grow()
    this.#put(hash, slot)
  }

  /** Removes the key of a slot, which is there. */
  remove(hash: number, slot: number): void {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let hole = (hash >>> this.#shift) << 1
    while (buckets[hole] !== slot + 1) hole = (hole + 2) & mask
    // Moves later pairs of the run into the hole, unless that put them before their own bucket.
    for (let at = (hole + 2) & mask; buckets[at] !== 0; at = (at + 2) & mask) {
      const home = ((buckets[at + 1] as number) >>> this.#shift) << 1
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      buckets[hole] = buckets[at] as number
      buckets[hole + 1] = buckets[at + 1] as number
      hole = at
    }
    buckets[hole] = 0
    this.#size -= 1
  }

  #put(hash: number, slot: number): void {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let at = (hash >>> this.#shift) << 1
    while (buckets[at] !== 0) at = (at + 2) & mask
    buckets[at] = slot + 1
    buckets[at + 1] = hash
  }

  #grow(): void {
    const old = this.#buckets
    this.#buckets = new Int32Array(old.length * 2)
    this.#shift -= 1
    for (let at = 0; at < old.length; at += 2) {
      const slot = (old[at] as number) - 1
      if (slot >= 0) this.#put(old[at + 1] as number, slot)
    }
  }
}

const bucketCountMin = 8
