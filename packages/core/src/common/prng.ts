/** Where randomness comes from: names of runs, jitter, and every choice of a simulation. @public */
export interface Prng {
  /** A number from 0 (inclusive) to 1 (exclusive). */
  next(): number
}

/** A whole number from 0 (inclusive) to `limit` (exclusive). @public */
export function randomBelow(prng: Prng, limit: number): number {
  return Math.floor(prng.next() * limit)
}

/**
 * A seeded generator (mulberry32): the same seed gives the same numbers, on every machine. @public
 */
export class SeededPrng implements Prng {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
