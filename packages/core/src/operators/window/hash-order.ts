/**
 * Orders things by their hashes, as unsigned numbers, and those of one hash as they were added. The
 * hash and the index of each are the high and the low half of one 64-bit integer, which the runtime
 * sorts without a call.
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

  /** Its index is the number of those that were added before. */
  add(hash: number): void {
    if (2 * this.#count === this.#words.length) this.#grow()
    this.#words[2 * this.#count + littleHalf] = this.#count
    this.#words[2 * this.#count + bigHalf] = hash
    this.#count += 1
  }

  sort(): void {
    new BigUint64Array(this.#words.buffer, 0, this.#count).sort()
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

  #grow(): void {
    const words = new Uint32Array(2 * this.#words.length)
    words.set(this.#words)
    this.#words = words
  }
}

/** In which of two words the runtime keeps the low half of a 64-bit integer. */
const littleHalf = new Uint32Array(new BigUint64Array([1n]).buffer)[0] === 1 ? 0 : 1
const bigHalf = 1 - littleHalf
