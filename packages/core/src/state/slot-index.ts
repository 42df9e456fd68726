import { hashOfInt32, type KeyIdentity } from './key.ts'
import { isInt32, SlotColumn } from './slot-column.ts'

/**
 * The keys of slots, and the slot of a key by its hash: open addressing with linear probing, in one
 * typed array, so that a look-up reads as little memory as it can, and the garbage collector none.
 *
 * Hashes are signed 32-bit integers. Their high bits choose the bucket, because the low bits
 * already chose the key group. Next to its slot, a bucket has a mark of the key. As long as all
 * keys are integers of 32 bits with their own hashes, that is the key itself, so that nothing else
 * is to be read; then it is the hash.
 *
 * @internal
 */
export class SlotIndex {
  /** Pairs: the slot plus one, or 0 in a free bucket, and the mark. */
  #buckets = new Int32Array(2 * bucketCountMin)
  #shift = 32 - Math.log2(bucketCountMin)
  #size = 0
  /** Whether marks are keys. */
  #direct = true
  readonly #keys = new SlotColumn()

  /** The number of keys. */
  get size(): number {
    return this.#size
  }

  /** By slot. */
  get keys(): Pick<SlotColumn, 'numbers'> {
    return this.#keys
  }

  /** The key of a slot that has one. */
  keyAt(slot: number): KeyIdentity {
    return this.#keys.get(slot) as KeyIdentity
  }

  /** Calls `visit` for the keys whose hash is in the range, in no order. */
  forEachOf(range: HashRange, visit: (slot: number, hash: number) => void): void {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    const end = this.#home(range.last) + 2
    for (let at = this.#home(range.first); at < end; at += 2) this.#visit(at, range, visit)
    if (range.mask === 0) return
    // Keys of the last bucket may lie in the run of buckets behind it.
    for (let at = end - 2; buckets[at] !== 0; ) {
      at = (at + 2) & mask
      this.#visit(at, range, visit)
    }
  }

  /** The slot of a key; -1 if there is none. */
  find(hash: number, key: KeyIdentity): number {
    return this.#direct ? this.#findDirect(hash, key) : this.#findByHash(hash, key)
  }

  /** Adds a key that is not there; the slot is below the capacity for keys. */
  add(hash: number, key: KeyIdentity, slot: number): void {
    if (this.#direct && !(isInt32(key) && hashOfInt32(key) === hash)) this.#markByHash()
    this.#keys.set(slot, key)
    this.#size += 1
    this.reserve(this.#size)
    this.#put(hash, slot, this.#direct ? (key as number) : hash)
  }

  /** Removes the key of a slot, which is there. */
  remove(hash: number, slot: number): void {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let hole = this.#home(hash)
    while (buckets[hole] !== slot + 1) hole = (hole + 2) & mask
    // Moves later pairs of the run into the hole, unless that put them before their own bucket.
    for (let at = (hole + 2) & mask; buckets[at] !== 0; at = (at + 2) & mask) {
      const home = this.#home(this.#hashOf(buckets[at + 1] as number))
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      buckets[hole] = buckets[at] as number
      buckets[hole + 1] = buckets[at + 1] as number
      hole = at
    }
    buckets[hole] = 0
    this.#size -= 1
    this.#keys.clear(slot)
  }

  /** Removes all keys, and keeps the room for them. */
  clear(): void {
    this.#buckets.fill(0)
    this.#size = 0
    this.#keys.clearAll()
  }

  /** Makes buckets for so many keys: at most half of them are taken, or of very many most. */
  reserve(count: number): void {
    let bucketCount = this.#buckets.length / 2
    while (count > bucketCount * (bucketCount < manyBuckets ? 0.5 : 0.75)) bucketCount *= 2
    if (bucketCount * 2 > this.#buckets.length) this.#rehash(bucketCount)
  }

  /** Makes room for the keys of the slots below `capacity`, which is not less than before. */
  resize(capacity: number): void {
    this.#keys.resize(capacity)
  }

  #findDirect(hash: number, key: KeyIdentity): number {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let at = this.#home(hash)
    for (;;) {
      const slot = (buckets[at] as number) - 1
      if (slot < 0 || buckets[at + 1] === key) return slot
      at = (at + 2) & mask
    }
  }

  #findByHash(hash: number, key: KeyIdentity): number {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let at = this.#home(hash)
    for (;;) {
      const slot = (buckets[at] as number) - 1
      if (slot < 0) return -1
      if (buckets[at + 1] === hash && this.#keys.get(slot) === key) return slot
      at = (at + 2) & mask
    }
  }

  #visit(
    at: number,
    { first, mask }: HashRange,
    visit: (slot: number, hash: number) => void,
  ): void {
    const slot = (this.#buckets[at] as number) - 1
    if (slot < 0) return
    const hash = this.#hashOf(this.#buckets[at + 1] as number)
    if ((hash & mask) === first) visit(slot, hash)
  }

  /** The bucket that a hash chooses. */
  #home(hash: number): number {
    return (hash >>> this.#shift) << 1
  }

  #hashOf(mark: number): number {
    return this.#direct ? hashOfInt32(mark) : mark
  }

  #put(hash: number, slot: number, mark: number): void {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let at = this.#home(hash)
    while (buckets[at] !== 0) at = (at + 2) & mask
    buckets[at] = slot + 1
    buckets[at + 1] = mark
  }

  #markByHash(): void {
    const buckets = this.#buckets
    for (let at = 1; at < buckets.length; at += 2) {
      if (buckets[at - 1] !== 0) buckets[at] = hashOfInt32(buckets[at] as number)
    }
    this.#direct = false
  }

  #rehash(bucketCount: number): void {
    const old = this.#buckets
    this.#buckets = new Int32Array(2 * bucketCount)
    this.#shift = 32 - Math.log2(bucketCount)
    for (let at = 0; at < old.length; at += 2) {
      const slot = (old[at] as number) - 1
      const mark = old[at + 1] as number
      if (slot >= 0) this.#put(this.#hashOf(mark), slot, mark)
    }
  }
}

const bucketCountMin = 8
/** Smaller tables fit in the caches of the processor: room is spent on finding keys at once. */
const manyBuckets = 65_536

/** The hashes with the same high bits: from `first` to `last`, as unsigned numbers. @internal */
export interface HashRange {
  readonly first: number
  /** Inclusive. */
  readonly last: number
  /** The high bits; 0: all hashes are in the range. */
  readonly mask: number
}

/** One of `2 ** bits` ranges, which together are all hashes. @internal */
export function hashRange(index: number, bits: number): HashRange {
  // A shift by 32 bits would be none: it moves 0 only.
  const first = index << (32 - bits)
  const low = -1 >>> bits
  return { first, last: first | low, mask: ~low }
}
