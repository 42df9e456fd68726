import type { WindowContents } from './window-contents.ts'

/**
 * Puts together the contents of slices, which stay as they are: other windows need them.
 *
 * @internal
 */
export class MergedContents {
  readonly #functions: WindowContents
  #count = 0
  #merged: unknown

  constructor(functions: WindowContents) {
    this.#functions = functions
  }

  /** What was added since `clear`; not to be changed. */
  get value(): unknown {
    return this.#merged
  }

  clear(): void {
    this.#count = 0
    this.#merged = undefined
  }

  /** Adds a later slice. */
  add(contents: unknown): void {
    this.#count += 1
    if (this.#count === 1 || this.#functions.create === undefined) {
      this.#merged = contents
      return
    }
    if (this.#count === 2) {
      this.#merged = this.#functions.merge(this.#functions.create(), this.#merged)
    }
    this.#merged = this.#functions.merge(this.#merged, contents)
  }
}
