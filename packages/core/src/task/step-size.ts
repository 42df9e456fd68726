/**
 * How many records a task takes before it looks at its mail and the clock: as many as take about
 * `targetMs`. Looking costs time, and slow functions must not keep the thread from its other work:
 * checkpoints, leases and signals need some dozen turns each.
 *
 * @internal
 */
export class StepSize {
  readonly #recordsMax: number
  readonly #targetMs: number
  #records: number

  /** `recordsMax` (>= 1): the number for fast functions, with which it begins. */
  constructor(recordsMax: number, targetMs: number) {
    this.#recordsMax = recordsMax
    this.#targetMs = targetMs
    this.#records = recordsMax
  }

  /** The records of the next step, 1 to `recordsMax`. */
  get records(): number {
    return this.#records
  }

  /** Tells how long the last step took. */
  took(stepMs: number): void {
    if (stepMs > this.#targetMs) this.#records = Math.max(1, Math.floor(this.#records / 2))
    // Far enough below, so that it does not swing.
    if (stepMs < this.#targetMs / 4) this.#records = Math.min(this.#recordsMax, this.#records * 2)
  }
}
