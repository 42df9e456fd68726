import type { Clock } from '../common/clock.ts'

/**
 * The time of a task's current step: read at most once a step, and only if somebody asks. Also
 * calls what is to be done once a step, between records. Runs on the task's thread.
 *
 * @internal
 */
export class StepClock {
  readonly #clock: Clock
  readonly #actions: (() => void)[] = []
  #now = 0
  #stale = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Wall-clock time, milliseconds since 1970; the same for all records of a step. */
  readonly now = (): number => {
    if (this.#stale) {
      this.#now = this.#clock.now()
      this.#stale = false
    }
    return this.#now
  }

  /** Calls `action` at the beginning of every step. */
  onStep(action: () => void): void {
    this.#actions.push(action)
  }

  /** A step begins. */
  begin(): void {
    this.#stale = true
    for (const action of this.#actions) action()
  }
}
