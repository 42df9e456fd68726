import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { measureBuilt } from '../node-process.ts'
import { scratchFolder } from '../scratch.ts'
import type { LoadName, MeterSettings } from './load.ts'
import type { LoadRun, MeasureArguments } from './measure.ts'

const module = fileURLToPath(new URL('measure.ts', import.meta.url))
const checkpointIntervalMs = 1000
/** Of the small job that shows how soon the first record comes. */
const startEvents = 1000
/** Of jobs with uniform keys: those of the peer. */
const keyCounts: Readonly<Record<LoadName, number>> = {
  map: 0,
  tumble: 100_000,
  hot: 0,
  keys: 5_000_000,
}
/** The peer too is warm only when every key has state and some came again. */
const keyRounds = 1.1

/** How a run differs from the usual one: on one thread, a checkpoint each second. */
type Variant = Partial<Pick<MeasureArguments, 'threads' | 'parallelism' | 'checkpointIntervalMs'>>

/** What two ways of losing the state of `keys` cost until the next record, in milliseconds. */
export interface Recovery {
  /** A task failed. */
  readonly failureMs: number
  /** `kill -9` of the process; its new start included. */
  readonly killMs: number
}

/** Runs of flinkts, each in a process of its own. */
export class OurRuns {
  readonly #meter: Omit<MeterSettings, 'warmUpRecords'>

  constructor(meter: Omit<MeterSettings, 'warmUpRecords'>) {
    this.#meter = meter
  }

  /**
   * A run whose results do not depend on the clock.
   *
   * @throws Error if they are not those of a plain loop over the same events; so do the others
   */
  async check(job: LoadName, events: number): Promise<void> {
    await this.#run(job, { events, repeatable: true })
  }

  measure(job: LoadName, variant: Variant = {}): Promise<LoadRun> {
    const warmUpRecords = job === 'keys' ? keyRounds * keyCounts.keys : 0
    return this.#run(job, { meter: { ...this.#meter, warmUpRecords }, ...variant })
  }

  /** Milliseconds from the start of the process to the first record out of a small job. */
  async firstRecord(): Promise<number> {
    const { firstRecordMs } = await this.#run('keys', { events: startEvents })
    return firstRecordMs
  }

  async recover(): Promise<Recovery> {
    await using scratch = await scratchFolder('flink')
    const checkpointDirectory = path.join(scratch.path, 'checkpoints')
    const crash = await this.#start('keys', { mode: 'crash', checkpointDirectory })
    const resume = await this.#start('keys', { mode: 'resume', checkpointDirectory })
    return { failureMs: crash.recoveryMs ?? Number.NaN, killMs: resume.firstRecordMs }
  }

  async #run(job: LoadName, what: Partial<MeasureArguments>): Promise<LoadRun> {
    await using scratch = await scratchFolder('flink')
    return await this.#start(job, { checkpointDirectory: scratch.path, ...what })
  }

  #start(
    job: LoadName,
    what: Partial<MeasureArguments> & Pick<MeasureArguments, 'checkpointDirectory'>,
  ): Promise<LoadRun> {
    const args: MeasureArguments = {
      job,
      keyCount: keyCounts[job],
      parallelism: 1,
      threads: 0,
      checkpointIntervalMs,
      events: undefined,
      meter: undefined,
      repeatable: false,
      mode: 'run',
      startedMs: Date.now(),
      ...what,
    }
    return measureBuilt<LoadRun>(module, [JSON.stringify(args)])
  }
}
