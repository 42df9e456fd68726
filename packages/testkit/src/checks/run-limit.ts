/**
 * Lets so many runs go on at a time; the others wait, in order. Each has a target of its own, and
 * waits more than it works.
 *
 * @internal
 */
export class RunLimit {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(runsMax: number) {
    this.#free = runsMax
  }

  async run<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await action()
    } finally {
      // Whoever waits takes the place over.
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
