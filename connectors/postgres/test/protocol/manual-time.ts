import type { Cancellable, Clock, Scheduler } from '@flinkts/core/connector'

/** A clock and a scheduler that stand still until `advance`. `soon` needs no `advance`. */
export class ManualTime implements Clock, Scheduler {
  #nowMs = 0
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  soon(callback: () => void): void {
    setImmediate(callback)
  }

  after(delayMs: number, callback: () => void): Cancellable {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** The count of timers that wait. */
  get waiting(): number {
    return this.#timers.length
  }

  /** Lets `durationMs` pass and runs what falls due, in order. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= endMs)
      const [next] = due.toSorted((one, other) => one.atMs - other.atMs)
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.callback()
    }
    this.#nowMs = endMs
  }
}
