import { assert, unreachable } from '../../common/assert.ts'
import { FlinktsError, messageOf } from '../../common/errors.ts'
import { type Prng, randomBelow, SeededPrng } from '../../common/prng.ts'
import { SimulatedStorage } from '../simulated-storage.ts'
import { damageNewest } from './damage.ts'
import { Incarnation, type IncarnationParts } from './incarnation.ts'
import {
  checkAbandoned,
  checkAcknowledged,
  checkCommitAllowed,
  checkOutput,
  checkWriterStates,
  isComplete,
} from './invariants.ts'
import { randomLogs } from './random-logs.ts'
import { SimulatedTarget } from './simulated-target.ts'
import { SimulatedWorld } from './simulated-world.ts'
import { Violations } from './violations.ts'

/** What a simulation did, if it did not fail. @public */
export interface SimulationReport {
  readonly seed: number
  readonly steps: number
  readonly crashes: number
  /** Processes that were frozen until another took over, and then went on. */
  readonly zombies: number
  readonly stops: number
  /** Worker threads that died while their process went on. */
  readonly threadDeaths: number
  /** Files of checkpoints that were damaged while no process ran. */
  readonly damages: number
  /** Of these, those that had to be put back from a backup: no older checkpoint was safe. */
  readonly repairs: number
  /** Starts without state, as another lineage. */
  readonly freshStarts: number
  /** Records that became visible, over all sinks. */
  readonly records: number
  /** What became visible, by sink: the same for the same seed. */
  readonly committed: ReadonlyMap<string, readonly string[]>
}

/** How a process is disturbed; crashes come more often. */
type Disturbance = 'crash' | 'freeze' | 'stop' | 'damage' | 'fresh-start'
const disturbances: readonly Disturbance[] = [
  ...Array.from({ length: 8 }, () => 'crash' as const),
  'freeze',
  'freeze',
  'stop',
  'stop',
  'damage',
  'damage',
  'fresh-start',
]

/** Several times more than any seed takes. */
const stepsMax = 100_000
const stepsBetweenFaultsMax = 1200
const faultsMax = 7
const leaseMs = 2000

/**
 * Runs a random job under the seed to its end: its process is killed, frozen and stopped at random
 * steps, writes are torn or fail, messages are lost or repeated, and the parallelism changes
 * between runs. Then compares what became visible with what plain arrays give.
 *
 * @throws FlinktsError FLINKTS_ASSERTION_FAILED with what differs, and the seed
 * @public
 */
export async function simulate(seed: number): Promise<SimulationReport> {
  try {
    return await new Simulation(seed).run()
  } catch (cause) {
    const what = `simulation failed with seed ${seed}: ${messageOf(cause)}`
    const hint = `FLINKTS_SEED=${seed} replays it.`
    throw new FlinktsError('FLINKTS_ASSERTION_FAILED', what, { cause, hint })
  }
}

class Simulation {
  readonly #seed: number
  readonly #prng: Prng
  readonly #world: SimulatedWorld
  readonly #disk: SimulatedStorage
  readonly #violations = new Violations()
  readonly #target: SimulatedTarget
  readonly #parts: IncarnationParts
  readonly #exactlyOnce: boolean
  /** The parallelism does not change from run to run. */
  readonly #steady: boolean
  readonly #parallelism: number
  /** All sources end: then the job does. */
  readonly #bounded: boolean
  readonly #counts = {
    crashes: 0,
    zombies: 0,
    stops: 0,
    threadDeaths: 0,
    damages: 0,
    repairs: 0,
    freshStarts: 0,
  }
  /** Processes that are not the newest, but may still do something. */
  readonly #others: Incarnation[] = []
  #current: Incarnation
  #faultsLeft: number
  #stepsToFault: number
  #stopRequested = false
  /** Puts back what was damaged. */
  #repair: (() => void) | undefined
  /** The number of visible records when completeness was looked at last. */
  #countSeen = -1
  #complete = false

  constructor(seed: number) {
    this.#seed = seed
    const prng = new SeededPrng(seed)
    this.#prng = prng
    const world = new SimulatedWorld(prng)
    this.#world = world
    const disk = new SimulatedStorage(prng)
    this.#disk = disk
    this.#exactlyOnce = randomBelow(prng, 4) > 0
    this.#steady = randomBelow(prng, 3) === 0
    this.#parallelism = 1 + randomBelow(prng, 4)
    this.#target = new SimulatedTarget({
      exactlyOnce: this.#exactlyOnce,
      guard: (check) => this.#violations.guard(check),
      onCommit: ({ checkpointId }) => this.#checkCommit(checkpointId),
    })
    this.#faultsLeft = randomBelow(prng, faultsMax)
    this.#stepsToFault = 1 + randomBelow(prng, stepsBetweenFaultsMax)
    const logs = randomLogs(prng, {
      stepCount: () => world.stepCount,
      onAcknowledge: (position) => this.#violations.guard(() => checkAcknowledged(disk, position)),
    })
    this.#bounded = [...logs.values()].every(({ bounded }) => bounded)
    this.#parts = {
      seed,
      world,
      disk,
      target: this.#target,
      logs,
      guarantee: this.#exactlyOnce ? 'exactly-once' : 'at-least-once',
      steady: this.#steady,
      leaseMs,
      logger: this.#violations.logger(),
      faulty: () => this.#faultsLeft > 0,
      onThreadDeath: () => {
        this.#counts.threadDeaths += 1
      },
    }
    this.#current = this.#start(1, { fresh: false })
  }

  async run(): Promise<SimulationReport> {
    while (!this.#done()) {
      if (this.#world.stepCount >= stepsMax) this.#checkEnd()
      // Nothing to do: a frozen process holds the job, or its lease.
      if (!(await this.#world.step())) this.#world.passTime(leaseMs)
      this.#violations.rethrow()
      if (this.#faultsLeft > 0) this.#maybeDisturb()
      else this.#calm()
    }
    this.#checkResult()
    const { committed, recordCount: records } = this.#target
    const steps = this.#world.stepCount
    return { seed: this.#seed, steps, ...this.#counts, records, committed }
  }

  /** What keeps a job from its end is mostly a record that never comes. */
  #checkEnd(): void {
    this.#checkResult()
    assert(false, 'the job comes to its end')
  }

  #checkResult(): void {
    const { expected } = this.#current
    checkOutput(expected, this.#target.committed, !this.#exactlyOnce)
    if (!this.#exactlyOnce) return
    for (const committed of this.#target.abandoned) checkAbandoned(expected, committed)
    checkWriterStates(this.#disk, this.#target.committed)
    this.#checkNothingPrepared()
  }

  /** A job that may repeat output goes back to an older checkpoint than was committed. */
  #checkCommit(checkpointId: number): void {
    if (this.#exactlyOnce) checkCommitAllowed(this.#disk, checkpointId)
  }

  /**
   * I3. What a process prepares that wakes up after another took over is invisible, and removed by
   * the next start: only such transactions may be left.
   */
  #checkNothingPrepared(): void {
    const left = this.#target.pending.filter(({ newest }) => this.#counts.zombies === 0 || newest)
    const names = left.map(({ name }) => name).join(', ')
    assert(left.length === 0, `I3: nothing stays prepared, but ${names} did`)
  }

  /** Looks how the newest process is, and starts another if it has ended too early. */
  #done(): boolean {
    const { outcome } = this.#current
    if (outcome === undefined) {
      if (this.#faultsLeft === 0 && !this.#bounded && this.#outputComplete()) this.#stop()
      return false
    }
    if (outcome === 'finished') return true
    if (outcome === 'stopped' && this.#faultsLeft === 0 && this.#outputComplete()) return true
    if (outcome instanceof Error) this.#checkFailure(outcome)
    this.#leave()
    this.#restart()
    return false
  }

  #outputComplete(): boolean {
    const { recordCount, committed } = this.#target
    if (recordCount !== this.#countSeen) {
      this.#countSeen = recordCount
      this.#complete = isComplete(this.#current.expected, committed)
    }
    return this.#complete
  }

  /** What a person does when a job fails: finds out why, and starts it again. */
  #checkFailure(failure: Error): void {
    if (!(failure instanceof FlinktsError)) throw failure
    if (this.#isRefused(failure)) {
      this.#world.passTime(leaseMs / 2)
      return
    }
    if (this.#isDamaged(failure)) {
      this.#counts.repairs += 1
      this.#repair?.()
      this.#repair = undefined
      return
    }
    // A stop that fails is told to the person who asked.
    if (!this.#stopRequested || !failure.retryable) throw failure
  }

  /** A second process is refused until the lease of a silent one is over. */
  #isRefused({ code }: FlinktsError): boolean {
    if (this.#others.length === 0) return false
    return code === 'FLINKTS_JOB_ALREADY_RUNNING' || code === 'FLINKTS_ATTEMPT_FENCED'
  }

  #isDamaged({ code }: FlinktsError): boolean {
    if (this.#repair === undefined) return false
    return code === 'FLINKTS_CHECKPOINT_CORRUPT' || code === 'FLINKTS_STATE_UNREADABLE'
  }

  #stop(): void {
    this.#stopRequested = true
    this.#current.handle.stop()
  }

  #start(pid: number, { fresh }: { readonly fresh: boolean }): Incarnation {
    const parallelism = this.#steady ? this.#parallelism : 1 + randomBelow(this.#prng, 4)
    return new Incarnation(this.#parts, { pid, parallelism, fresh })
  }

  #restart({ fresh }: { readonly fresh: boolean } = { fresh: false }): void {
    this.#stopRequested = false
    this.#current = this.#start(this.#current.process.pid + 1, { fresh })
  }

  #maybeDisturb(): void {
    this.#stepsToFault -= 1
    if (this.#stepsToFault > 0) return
    this.#stepsToFault = 1 + randomBelow(this.#prng, stepsBetweenFaultsMax)
    this.#faultsLeft -= 1
    this.#wakeOthers()
    this.#disturb(disturbances[randomBelow(this.#prng, disturbances.length)] ?? 'crash')
  }

  /** Whatever was, the job must come to its end now. */
  #calm(): void {
    this.#world.slow = false
    this.#wakeOthers()
  }

  #disturb(disturbance: Disturbance): void {
    switch (disturbance) {
      case 'stop':
        this.#counts.stops += 1
        return this.#stop()
      case 'freeze':
        this.#freeze()
        return this.#restart()
      case 'crash':
        this.#kill()
        return this.#restart()
      case 'damage':
        this.#kill()
        this.#damage()
        return this.#restart()
      case 'fresh-start':
        this.#kill()
        this.#counts.freshStarts += 1
        return this.#restart({ fresh: true })
      default:
        return unreachable(disturbance)
    }
  }

  #kill(): void {
    this.#counts.crashes += 1
    this.#current.kill()
  }

  #freeze(): void {
    this.#counts.zombies += 1
    this.#current.process.frozen = true
    this.#others.push(this.#current)
    this.#world.passTime(leaseMs + 1)
  }

  /** A job that has ended may end its process, or not. */
  #leave(): void {
    if (randomBelow(this.#prng, 2) === 0) this.#current.kill()
    else this.#others.push(this.#current)
  }

  /** At most one file is damaged at a time. */
  #damage(): void {
    if (this.#repair !== undefined) return
    this.#repair = damageNewest(this.#disk, this.#prng)
    if (this.#repair !== undefined) this.#counts.damages += 1
  }

  /** Frozen processes go on, as if nothing had been, beside the one that took over. */
  #wakeOthers(): void {
    for (const other of this.#others) other.process.frozen = false
  }
}
