/**
 * Something happened: the seam between background I/O and a caller that polls, such as
 * `SourceReader.available`. Any number of waits and notifications; a notification with nobody
 * waiting is kept for the next wait. Runs on one thread.
 *
 * @public
 */
export class WakeSignal {
  #raised = false
  #promise: Promise<void> | undefined
  #resolve: () => void = () => {}

  /** Ends all waits, or the next one. */
  notify(): void {
    this.#raised = true
    this.#promise = undefined
    this.#resolve()
  }

  /** Forgets a notification: what it told of was looked at. */
  reset(): void {
    this.#raised = false
  }

  /** Resolves at the first notification since `reset`. */
  wait(): Promise<void> {
    if (this.#raised) return Promise.resolve()
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve
    })
    return this.#promise
  }
}
