import type { Clock } from '../common/clock.ts'
import { FlinktsError } from '../common/errors.ts'
import type { Cancellable, Scheduler } from '../common/scheduler.ts'
import { drainMicrotasks } from '../platform/drain-microtasks.ts'

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

const stepsMax = 100_000

/**
 * Time and turns in the hand of a test: nothing runs, and no time passes, unless it says so.
 *
 * @public
 */
export class ManualScheduler implements Scheduler, Clock {
  #nowMs: number
  #timers: Timer[] = []
  readonly #soon: (() => void)[] = []

  /** `startTimeMs`: what the clock shows at first, in milliseconds since 1970. */
  constructor(startTimeMs = 1_750_000_000_000) {
    this.#nowMs = startTimeMs
  }

  /** Timers that wait. */
  get timerCount(): number {
    return this.#timers.length
  }

  /** Whole, as wall-clock time is; timers may be due in between. */
  now(): number {
    return Math.floor(this.#nowMs)
  }

  monotonic(): number {
    return this.#nowMs
  }

  soon(callback: () => void): void {
    this.#soon.push(callback)
  }

  after(delayMs: number, callback: () => void): Cancellable {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((candidate) => candidate !== timer)
      },
    }
  }

  /** Lets time pass without a timer being looked at, as a busy thread does. */
  pass(ms: number): void {
    this.#nowMs += ms
  }

  /**
   * Runs what is to run soon, and what that wants to be run soon, but waits for no promise.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if it never comes to rest
   */
  runSoon(): void {
    for (let steps = 0; steps < stepsMax; steps += 1) {
      const next = this.#soon.shift()
      if (next === undefined) return
      next()
    }
    throw neverRests()
  }

  /**
   * Runs all that can run while no time passes.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if it never comes to rest
   */
  async settle(): Promise<void> {
    for (let steps = 0; steps < stepsMax; steps += 1) {
      await drainMicrotasks()
      const next = this.#soon.shift()
      if (next === undefined) return
      next()
    }
    throw neverRests()
  }

  /** Lets `ms` milliseconds pass, and runs every timer that is due on the way, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms
    await this.settle()
    while (await this.#runTimer(end)) {}
    this.#nowMs = end
  }

  /**
   * Lets time pass up to the next timer, and runs it. @returns false: no timer waits before `endMs`
   * (inclusive), and no time passes.
   */
  async advanceToTimer(endMs: number): Promise<boolean> {
    await this.settle()
    return this.#runTimer(endMs)
  }

  async #runTimer(endMs: number): Promise<boolean> {
    const due = this.#due(endMs)
    if (due === undefined) return false
    this.#timers = this.#timers.filter((candidate) => candidate !== due)
    this.#nowMs = Math.max(this.#nowMs, due.atMs)
    due.callback()
    await this.settle()
    return true
  }

  #due(end: number): Timer | undefined {
    return this.#timers
      .filter(({ atMs }) => atMs <= end)
      .toSorted((left, right) => left.atMs - right.atMs)[0]
  }
}

function neverRests(): FlinktsError {
  return new FlinktsError('FLINKTS_TEST_INVALID', 'what the test runs never comes to rest', {
    hint: 'Something wants to run again and again, without waiting for time to pass.',
  })
}
