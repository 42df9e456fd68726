/**
 * A notice from work in the background to whoever waits for it. One that comes while nobody waits
 * is kept for the next wait. Runs on one thread.
 *
 * @internal
 */
export class WakeSignal {
  #raised = false
  #waiting: PromiseWithResolvers<void> | undefined

  notify(): void {
    this.#raised = true
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  /** Forgets a notice: what it told of is looked at now. */
  reset(): void {
    this.#raised = false
  }

  /** Resolves at the first notice since `reset`. */
  wait(): Promise<void> {
    if (this.#raised) return Promise.resolve()
    this.#waiting ??= Promise.withResolvers<void>()
    return this.#waiting.promise
  }
}
