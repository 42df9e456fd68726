const length = 1024
const increment = 0x6d2b79f5

/**
 * Numbers of mulberry32, of Tommy Ettinger, made a thousand at a time. Made one by one, where they
 * are needed, a bid costs a fifth more.
 */
export class RandomBlock {
  readonly #numbers = new Uint32Array(length)
  #state = 0

  /** The first number is the one that follows on `state`, 32 bits. */
  fill(state: number): void {
    const numbers = this.#numbers
    this.#state = state
    let random = state | 0
    for (let index = 0; index < length; index += 1) {
      random = (random + increment) | 0
      const first = Math.imul(random ^ (random >>> 15), 1 | random)
      const second = (first + Math.imul(first ^ (first >>> 7), 61 | first)) ^ first
      numbers[index] = second ^ (second >>> 14)
    }
  }

  /** Whether there are `count` numbers from `index` on. */
  has(index: number, count: number): boolean {
    return index + count <= length
  }

  /** The state on which the number at `index` follows. */
  stateAt(index: number): number {
    return (this.#state + Math.imul(index, increment)) | 0
  }

  /** The number at `index`, brought between 0 (inclusive) and `bound` (exclusive; < 2 ** 31). */
  below(index: number, bound: number): number {
    // Two unsigned numbers and a result of 32 bits are divided as such, and not as 64-bit floats.
    return ((this.#numbers[index] as number) % (bound >>> 0)) | 0
  }
}
