/**
 * Orders things, which have an index, by their hashes as unsigned numbers, and those of one hash by
 * index. The hash and the index of each are the high and the low half of one 64-bit integer, which
 * the runtime sorts without a call.
 *
 * @internal
 */
export class HashOrder {
  #words = new Uint32Array(2 * 256)
  #count = 0

  get count(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
  }

  /** It has its place after `sort`. */
  add(hash: number, index: number): void {
    if (2 * this.#count === this.#words.length) this.#reserve(2 * this.#count)
    this.#words[2 * this.#count + littleHalf] = index
    this.#words[2 * this.#count + bigHalf] = hash
    this.#count += 1
  }

  sort(): void {
    new BigUint64Array(this.#words.buffer, 0, this.#count).sort()
  }

  /**
   * Becomes what is in both others, which are in order and keep what they have. All indexes in
   * `later` are greater than those in `earlier`, from which those below `firstIndex` are left out.
   */
  merge(earlier: HashOrder, later: HashOrder, firstIndex: number): void {
    this.#reserve(earlier.#count + later.#count)
    const words = this.#words
    const [ones, others] = [earlier.#words, later.#words]
    const [onesEnd, othersEnd] = [2 * earlier.#count, 2 * later.#count]
    let end = 0
    let other = 0
    for (let one = 0; one < onesEnd; one += 2) {
      if ((ones[one + littleHalf] as number) < firstIndex) continue
      const hash = ones[one + bigHalf] as number
      while (other < othersEnd && (others[other + bigHalf] as number) < hash) {
        words[end] = others[other] as number
        words[end + 1] = others[other + 1] as number
        end += 2
        other += 2
      }
      words[end] = ones[one] as number
      words[end + 1] = ones[one + 1] as number
      end += 2
    }
    words.set(others.subarray(other, othersEnd), end)
    this.#count = (end + othersEnd - other) / 2
  }

  /** The index of the one at a place in the order. */
  indexAt(place: number): number {
    return this.#words[2 * place + littleHalf] as number
  }

  /** Its hash, as a signed number. */
  hashAt(place: number): number {
    return (this.#words[2 * place + bigHalf] as number) | 0
  }

  /** Puts one of the same hash at a place. */
  put(place: number, index: number): void {
    this.#words[2 * place + littleHalf] = index
  }

  /** Makes room for so many, and keeps those that are there. */
  #reserve(count: number): void {
    if (2 * count < this.#words.length) return
    const words = new Uint32Array(4 * count)
    words.set(this.#words)
    this.#words = words
  }
}

/** In which of two words the runtime keeps the low half of a 64-bit integer. */
const littleHalf = new Uint32Array(new BigUint64Array([1n]).buffer)[0] === 1 ? 0 : 1
const bigHalf = 1 - littleHalf
