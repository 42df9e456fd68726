import { assert } from '../../common/assert.ts'
import { FlinktsError, messageOf } from '../../common/errors.ts'
import { type Prng, randomBelow, SeededPrng } from '../../common/prng.ts'
import { SimulatedStorage } from '../simulated-storage.ts'
import { Incarnation, type IncarnationParts } from './incarnation.ts'
import { checkAcknowledged, checkCommitAllowed, checkOutput, countOf } from './invariants.ts'
import { randomLogs } from './random-logs.ts'
import { SimulatedTarget } from './simulated-sink.ts'
import { SimulatedWorld } from './simulated-world.ts'

/** What a simulation did, if it did not fail. @public */
export interface SimulationReport {
  readonly seed: number
  readonly steps: number
  readonly crashes: number
  /** Processes that were frozen until another took over, and then went on. */
  readonly zombies: number
  readonly stops: number
  /** Records that became visible, over all sinks. */
  readonly records: number
  /** What became visible, by sink: the same for the same seed. */
  readonly committed: ReadonlyMap<string, readonly string[]>
}

/** How a process is disturbed; crashes come more often. */
type Disturbance = 'crash' | 'freeze' | 'stop'
const disturbances: readonly Disturbance[] = ['crash', 'crash', 'crash', 'crash', 'freeze', 'stop']

const stepsMax = 300_000
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
  readonly #target: SimulatedTarget
  readonly #parts: IncarnationParts
  readonly #counts = { crashes: 0, zombies: 0, stops: 0 }
  /** Processes that are not the newest, but may still do something. */
  readonly #others: Incarnation[] = []
  #current: Incarnation
  #faultsLeft: number
  #stepsToFault: number
  #stopRequested = false

  constructor(seed: number) {
    this.#seed = seed
    const prng = new SeededPrng(seed)
    this.#prng = prng
    this.#world = new SimulatedWorld(prng)
    const disk = new SimulatedStorage(prng)
    this.#target = new SimulatedTarget(({ checkpointId }) => checkCommitAllowed(disk, checkpointId))
    this.#faultsLeft = randomBelow(prng, faultsMax)
    this.#stepsToFault = 1 + randomBelow(prng, stepsBetweenFaultsMax)
    this.#parts = {
      seed,
      world: this.#world,
      disk,
      target: this.#target,
      logs: randomLogs(prng, (partition, position) => checkAcknowledged(disk, partition, position)),
      bounded: randomBelow(prng, 2) === 0,
      leaseMs,
      faulty: () => this.#faultsLeft > 0,
    }
    this.#current = new Incarnation(this.#parts, 1, this.#randomParallelism())
  }

  async run(): Promise<SimulationReport> {
    while (!this.#done()) {
      assert(this.#world.stepCount < stepsMax, 'the job comes to its end')
      // Nothing to do: a frozen process holds the job, or its lease.
      if (!(await this.#world.step())) this.#world.passTime(leaseMs)
      if (this.#faultsLeft > 0) this.#maybeDisturb()
      else this.#wakeOthers()
    }
    const { committed } = this.#target
    checkOutput(this.#current.expected, committed)
    this.#checkNothingPrepared()
    const records = countOf(committed)
    const steps = this.#world.stepCount
    return { seed: this.#seed, steps, ...this.#counts, records, committed }
  }

  /**
   * I3. What a process prepares that wakes up after another took over is invisible, and removed by
   * the next start: only such transactions may be left.
   */
  #checkNothingPrepared(): void {
    const left = this.#target.pending.filter(
      (name) => this.#counts.zombies === 0 || this.#target.attemptOf(name) === this.#target.newest,
    )
    assert(left.length === 0, `I3: nothing stays prepared, but ${left.join(', ')} did`)
  }

  /** Looks how the newest process is, and starts another if it has ended too early. */
  #done(): boolean {
    const { outcome, expected } = this.#current
    const complete = countOf(this.#target.committed) >= countOf(expected)
    if (outcome === undefined) {
      if (this.#faultsLeft === 0 && !this.#parts.bounded && complete) this.#stop()
      return false
    }
    if (outcome === 'finished' || (outcome === 'stopped' && this.#faultsLeft === 0 && complete)) {
      return true
    }
    if (outcome instanceof Error) this.#checkFailure(outcome)
    this.#restart()
    return false
  }

  /**
   * A second process is refused until the lease of a silent one is over: as a person, it tries
   * again.
   */
  #checkFailure(failure: Error): void {
    if (!(failure instanceof FlinktsError)) throw failure
    const refused =
      failure.code === 'FLINKTS_JOB_ALREADY_RUNNING' || failure.code === 'FLINKTS_ATTEMPT_FENCED'
    // A stop that fails is told to the person who asked, who starts the job again.
    if (!refused && !(this.#stopRequested && failure.retryable)) throw failure
    this.#world.passTime(leaseMs / 2)
  }

  #stop(): void {
    this.#stopRequested = true
    this.#current.handle.stop()
  }

  #restart(): void {
    this.#stopRequested = false
    this.#current = new Incarnation(
      this.#parts,
      this.#current.process.pid + 1,
      this.#randomParallelism(),
    )
  }

  #maybeDisturb(): void {
    this.#stepsToFault -= 1
    if (this.#stepsToFault > 0) return
    this.#stepsToFault = 1 + randomBelow(this.#prng, stepsBetweenFaultsMax)
    this.#faultsLeft -= 1
    this.#wakeOthers()
    this.#disturb(disturbances[randomBelow(this.#prng, disturbances.length)] ?? 'crash')
  }

  #disturb(disturbance: Disturbance): void {
    const disturbed = this.#current
    if (disturbance === 'stop') {
      this.#counts.stops += 1
      this.#stop()
      return
    }
    if (disturbance === 'crash') {
      this.#counts.crashes += 1
      disturbed.kill()
    } else {
      this.#counts.zombies += 1
      disturbed.process.frozen = true
      this.#others.push(disturbed)
      this.#world.passTime(leaseMs + 1)
    }
    this.#restart()
  }

  /** Frozen processes go on, as if nothing had been, beside the one that took over. */
  #wakeOthers(): void {
    for (const other of this.#others) other.process.frozen = false
  }

  #randomParallelism(): number {
    return 1 + randomBelow(this.#prng, 4)
  }
}
