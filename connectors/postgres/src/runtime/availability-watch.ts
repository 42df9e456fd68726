/**
 * Turns `available()` of streams into calls of `wake`: one for each time that something became
 * available, however often it was asked for meanwhile. Runs on the task's thread.
 *
 * @internal
 */
export class AvailabilityWatch {
  readonly #wake: () => void
  /** What is waited for. */
  #watched: object | undefined

  constructor(wake: () => void) {
    this.#wake = wake
  }

  /** Calls `wake` once the stream has something. */
  on(stream: { available(): Promise<void> }): void {
    if (this.#watched === stream) return
    this.#watched = stream
    void stream.available().then(() => {
      if (this.#watched === stream) this.#watched = undefined
      this.#wake()
    })
  }
}
