type Status = 'waiting' | 'armed' | 'failed' | 'recovered'

/**
 * Throws at one record, if it is armed, and tells how long it takes until the next one comes.
 *
 * waiting -- arm --> armed -- record: throws --> failed -- record --> recovered
 */
export class PlannedFailure {
  readonly #now: () => number
  readonly #recovered = Promise.withResolvers<number>()
  #status: Status = 'waiting'
  #failedMs = 0

  /** `now`: a clock in milliseconds that never goes back. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Resolves with the milliseconds between the failure and the first record behind it. */
  get recovered(): Promise<number> {
    return this.#recovered.promise
  }

  /** The next record fails; once. */
  arm(): void {
    if (this.#status === 'waiting') this.#status = 'armed'
  }

  /** Called for every record of the operator that fails. */
  onRecord(): void {
    if (this.#status === 'waiting') return
    if (this.#status === 'armed') {
      this.#status = 'failed'
      this.#failedMs = this.#now()
      throw new Error('failed, as planned')
    }
    if (this.#status !== 'failed') return
    this.#status = 'recovered'
    this.#recovered.resolve(this.#now() - this.#failedMs)
  }
}
