/** Choices that a seed repeats (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0, inclusive, to 1, exclusive. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0, inclusive, to `limit`, exclusive. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  /** A whole number between two others, both inclusive. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }
}
