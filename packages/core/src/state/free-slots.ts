import { copied } from './slot-column.ts'

/** Slots of a table whose entries were removed. Runs on the task's thread. @internal */
export class FreeSlots {
  /** The one that is used next comes last. */
  readonly #list: number[] = []
  /** A bit for each slot. */
  #bits: Uint32Array = noBits

  /** How many there are. */
  get count(): number {
    return this.#list.length
  }

  /** The one that is used next; `undefined` without any. */
  get next(): number | undefined {
    return this.#list.at(-1)
  }

  has(slot: number): boolean {
    return this.#list.length > 0 && (((this.#bits[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1
  }

  /** `slot` is none of them. */
  add(slot: number): void {
    if (slot >>> 5 >= this.#bits.length) this.#resize((slot >>> 5) + 1)
    this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] as number) | (1 << (slot & 31))
    this.#list.push(slot)
  }

  /** Takes `next`. */
  take(): void {
    const slot = this.#list.pop() ?? 0
    this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] as number) & ~(1 << (slot & 31))
  }

  clear(): void {
    this.#list.length = 0
    this.#bits = noBits
  }

  #resize(wordCount: number): void {
    this.#bits = copied(this.#bits, new Uint32Array(Math.max(wordCount, 2 * this.#bits.length)))
  }
}

const noBits: Uint32Array = new Uint32Array(0)
