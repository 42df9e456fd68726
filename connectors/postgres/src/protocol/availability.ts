/** A promise that is renewed: pending while there is nothing to do. @internal */
export class Availability {
  #waiting: PromiseWithResolvers<void> | undefined

  /** Pending until the next `wake`. */
  wait(): Promise<void> {
    this.#waiting ??= Promise.withResolvers<void>()
    return this.#waiting.promise
  }

  wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve()
  }
}
