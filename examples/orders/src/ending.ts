/** However a run ends (well, badly, by Ctrl-C), what it started is ended too, the last first. */
export class Ending {
  /** Rejects at the first failure or signal. */
  readonly failed: Promise<never>
  readonly #rejecter: (reason: unknown) => void
  readonly #closers: (() => void | Promise<void>)[] = []

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    // A signal may come before anybody listens.
    promise.catch(() => undefined)
    this.#rejecter = reject
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => reject(new Interrupted(signal)))
    }
  }

  /** For what fails in the background. */
  fail(reason: unknown): void {
    this.#rejecter(reason)
  }

  /** Has something closed at the end. */
  defer(close: () => void | Promise<void>): void {
    this.#closers.push(close)
  }

  /** Closes everything, whatever fails on the way. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) {
      try {
        await close()
      } catch (error) {
        console.error(`could not clean up: ${String(error)}`)
      }
    }
  }
}

export class Interrupted extends Error {
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
  }
}
