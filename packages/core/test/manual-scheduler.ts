import type { Clock } from '../src/common/clock.ts'
import type { Cancellable, Scheduler } from '../src/common/scheduler.ts'
import { drainMicrotasks } from '../src/platform/drain-microtasks.ts'

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

const stepsMax = 100_000

/** Time and turns in the hand of a test: nothing runs, and no time passes, unless it says so. */
export class ManualScheduler implements Scheduler, Clock {
  #nowMs = 1_750_000_000_000
  #timers: Timer[] = []
  readonly #soon: (() => void)[] = []

  /** Timers that wait. */
  get timerCount(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#nowMs
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

  /** Runs all that can run while no time passes. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < stepsMax; steps += 1) {
      await drainMicrotasks()
      const next = this.#soon.shift()
      if (next === undefined) return
      next()
    }
    throw new Error('something never comes to rest')
  }

  /** Lets `ms` milliseconds pass, and runs every timer that is due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms
    await this.settle()
    for (let timer = this.#due(end); timer !== undefined; timer = this.#due(end)) {
      const due = timer
      this.#timers = this.#timers.filter((candidate) => candidate !== due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
      await this.settle()
    }
    this.#nowMs = end
  }

  #due(end: number): Timer | undefined {
    return this.#timers
      .filter(({ atMs }) => atMs <= end)
      .toSorted((left, right) => left.atMs - right.atMs)[0]
  }
}
