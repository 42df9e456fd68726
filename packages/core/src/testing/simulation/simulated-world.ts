import type { Clock } from '../../common/clock.ts'
import { type Prng, randomBelow } from '../../common/prng.ts'
import type { Cancellable, Scheduler } from '../../common/scheduler.ts'
import { drainMicrotasks } from '../../platform/drain-microtasks.ts'

interface Step {
  readonly process: SimulatedProcess
  readonly run: () => void
}

interface Timer extends Step {
  readonly at: number
}

/** The chance that time passes although something could run at once. */
const timerChance = 0.02

/**
 * Everything that happens in a simulation, one step at a time: the seed picks which. Time stands
 * still except when a timer is due, so a simulated minute takes no time.
 *
 * @internal
 */
export class SimulatedWorld implements Clock {
  readonly prng: Prng
  /** Whose processes have not been killed. */
  readonly livingPids: Set<number> = new Set()
  /** Whether everything may be slow: then timeouts can keep a large job from ever getting on. */
  slow = true
  readonly #steps: Step[] = []
  #timers: Timer[] = []
  #now = 1_700_000_000_000
  #stepCount = 0

  constructor(prng: Prng) {
    this.prng = prng
  }

  /** Steps taken so far. */
  get stepCount(): number {
    return this.#stepCount
  }

  /** Whole, as wall-clock time is; timers may be due in between. */
  now(): number {
    return Math.floor(this.#now)
  }

  monotonic(): number {
    return this.#now
  }

  /** Whether `chance` (0 to 1) comes true. */
  chance(chance: number): boolean {
    return this.prng.next() < chance
  }

  /** Time goes on while nothing happens. */
  passTime(ms: number): void {
    this.#now += ms
  }

  soon(process: SimulatedProcess, run: () => void): void {
    this.#steps.push({ process, run })
  }

  after(process: SimulatedProcess, delayMs: number, run: () => void): Cancellable {
    const timer = { process, run, at: this.#now + Math.max(0, delayMs) }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((candidate) => candidate !== timer)
      },
    }
  }

  /**
   * Takes a step, and lets everything that follows from it settle. False: nothing is left to do.
   */
  async step(): Promise<boolean> {
    const step = this.#takeStep()
    if (step === undefined) return false
    this.#stepCount += 1
    if (step.process.alive) step.run()
    await drainMicrotasks()
    return true
  }

  #takeStep(): Step | undefined {
    const ready = this.#steps.flatMap((step, index) => (step.process.frozen ? [] : [index]))
    if (ready.length === 0 || (this.slow && this.chance(timerChance))) {
      return this.#takeTimer() ?? this.#takeReady(ready)
    }
    return this.#takeReady(ready)
  }

  #takeReady(ready: readonly number[]): Step | undefined {
    const index = ready[randomBelow(this.prng, ready.length)]
    if (index === undefined) return undefined
    const [step] = this.#steps.splice(index, 1)
    return step
  }

  /** The earliest timer of a process that is not frozen; time moves on to it. */
  #takeTimer(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.process.frozen || !timer.process.alive) continue
      if (first === undefined || timer.at < first.at) first = timer
    }
    if (first === undefined) return undefined
    this.#timers = this.#timers.filter((timer) => timer !== first)
    this.#now = Math.max(this.#now, first.at)
    return first
  }
}

/** A process in the world: it can be killed at every step, and frozen. @internal */
export class SimulatedProcess implements Scheduler {
  readonly #world: SimulatedWorld
  readonly pid: number
  /** Does nothing for a while, then goes on as if nothing had been. */
  frozen = false
  #alive = true

  constructor(world: SimulatedWorld, pid: number) {
    this.#world = world
    this.pid = pid
    world.livingPids.add(pid)
  }

  get alive(): boolean {
    return this.#alive
  }

  /** The process is gone: nothing that it scheduled runs any more. */
  kill(): void {
    this.#alive = false
    this.frozen = false
    this.#world.livingPids.delete(this.pid)
  }

  soon(callback: () => void): void {
    if (this.#alive) this.#world.soon(this, callback)
  }

  after(delayMs: number, callback: () => void): Cancellable {
    return this.#world.after(this, delayMs, callback)
  }

  /** Resolves at some later step: what I/O takes. Never, if the process is dead by then. */
  io(): Promise<void> {
    return new Promise((resolve) => {
      this.soon(resolve)
    })
  }
}
