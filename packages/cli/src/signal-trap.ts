import process from 'node:process'

/** The signals that end a job. @internal */
export type EndSignal = 'SIGINT' | 'SIGTERM'

/** Where signals come from; a part of `process`. @internal */
export interface SignalSource {
  on(signal: EndSignal, listener: () => void): unknown
}

/**
 * Waits for the signals that end a job. Those that come early are not lost.
 *
 *     waiting ──signal──► stopping ──signal──► forced
 *
 * @internal
 */
export class SignalTrap {
  /** Resolves with the first signal: stop in order. */
  readonly stop: Promise<EndSignal>
  /** Resolves with the second one: end at once. */
  readonly force: Promise<EndSignal>
  #status: 'waiting' | 'stopping' | 'forced' = 'waiting'

  constructor(source: SignalSource = process) {
    const stop = Promise.withResolvers<EndSignal>()
    const force = Promise.withResolvers<EndSignal>()
    this.stop = stop.promise
    this.force = force.promise
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      source.on(signal, () => {
        if (this.#status === 'waiting') stop.resolve(signal)
        else force.resolve(signal)
        this.#status = this.#status === 'waiting' ? 'stopping' : 'forced'
      })
    }
  }
}
