import { defined } from '@flinkts/core/connector'
import { type Prng, randomBelow, SeededPrng } from '@flinkts/core/testing'
import type { SourceCheckContext } from '../../checks/source/source-check.ts'
import type { JsonValue } from '../../driver/connector-driver.ts'
import type { SourceDriver } from '../../driver/source-driver.ts'
import {
  defaultSize,
  type KitRecord,
  type Workload,
  workload,
  type WorkloadSize,
} from '../../records/kit-record.ts'
import { caughtUp, compareEmitted } from '../../records/source-oracle.ts'
import { failOn } from '../violation.ts'
import type { SourceAttempt } from './source-attempt.ts'
import type { Emitted } from './source-checkpoint.ts'
import { type AttemptOptions, SourceJob } from './source-job.ts'

/**
 * How an attempt ends: it failed and is closed; or the next one starts, in another process, while
 * its connections are gone and nobody waits until it has closed.
 *
 * @internal
 */
export type CrashMode = 'throw' | 'abandon'

/** What was written at once, and where the log of the system ended then. */
interface Written {
  readonly records: readonly KitRecord[]
  /** `undefined`: the driver does not tell, or nobody ran yet who could acknowledge. */
  readonly end: bigint | undefined
}

/** The subtasks of a job in a check. */
const subtasks = 2
const stepsPerCheckpoint = 6
/** A read that is under way is done in that time. */
const restMs = 200
/** When no record came for so long, maybe none will. */
const stalledMs = 150
/** When no record came for so long, somebody looks why. */
const silentMs = 700
/** Batches that are there before the first start. @internal */
export const batchesAtFirst = 2

/**
 * A system of its own with a job that reads from it, and what checks do with both.
 *
 * @internal
 */
export class SourceScenario implements AsyncDisposable {
  readonly job: SourceJob
  readonly driver: SourceDriver
  readonly target: JsonValue
  /** For choices of a check. */
  readonly prng: Prng
  /** Whether the order of records counts, if it is declared. */
  ordered = true
  readonly #context: SourceCheckContext
  readonly #workload: Workload
  readonly #written: Written[] = []
  /** Batches of the workload that are written; others may be too. */
  #batchCount = 0
  readonly #left: Promise<unknown>[] = []
  #running: SourceAttempt | undefined

  private constructor(context: SourceCheckContext, target: JsonValue, records: Workload) {
    const { driver, seed } = context
    this.#context = context
    this.#workload = records
    this.driver = driver
    this.target = target
    this.prng = new SeededPrng(seed)
    this.job = this.jobAt(target)
  }

  /** With some batches of a workload: all of it, if the source is bounded. */
  static async open(
    context: SourceCheckContext,
    size: WorkloadSize = defaultSize,
  ): Promise<SourceScenario> {
    return SourceScenario.openWith(context, workload(context.seed, size))
  }

  /** With other records than those of the seed. */
  static async openWith(context: SourceCheckContext, records: Workload): Promise<SourceScenario> {
    const scenario = await SourceScenario.openEmpty(context, records)
    await scenario.#writeFirst()
    return scenario
  }

  /** In a place of this name; few records, which a job gets through soon. */
  static async openNamed(context: SourceCheckContext, name: string): Promise<SourceScenario> {
    const { driver, seed } = context
    const target = defined(await driver.setupNamed?.(name), 'the driver has setupNamed')
    const size = { splitCount: 2, batchCount: 3, recordsPerBatch: 2 }
    const scenario = new SourceScenario(context, target, workload(seed, size))
    await scenario.#writeFirst()
    return scenario
  }

  /** Nothing is written yet. */
  static async openEmpty(
    context: SourceCheckContext,
    records: Workload = workload(context.seed),
  ): Promise<SourceScenario> {
    return new SourceScenario(context, await context.driver.setup(), records)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.close().catch(() => undefined)
    await Promise.all(this.#left)
    await this.driver.clean(this.target)
  }

  /** A job that reads somewhere else. */
  jobAt(target: JsonValue): SourceJob {
    const { driver, seed, patienceMs } = this.#context
    return new SourceJob({
      createSource: () => driver.createSource(target),
      toRecords: (emitted) => driver.toRecords(emitted),
      seed,
      patienceMs,
      parallelism: subtasks,
    })
  }

  /** All that was written, in order. */
  get written(): readonly KitRecord[] {
    return this.#written.flatMap(({ records }) => records)
  }

  /** Whether the workload has a batch that is not written yet. */
  get moreToWrite(): boolean {
    return this.#batchCount < this.#workload.batches.length
  }

  /** The next batch of the workload; nothing, if all is written. */
  async writeNext(): Promise<void> {
    const batch = this.#workload.batches[this.#batchCount]
    if (batch === undefined) return
    this.#batchCount += 1
    await this.write(batch)
  }

  async write(records: readonly KitRecord[]): Promise<void> {
    await this.driver.writeExternal(this.target, records)
    await this.#note(records)
  }

  /** Changes the key of a record in one statement. */
  async rekey(from: KitRecord, to: KitRecord): Promise<void> {
    await this.driver.rekeyExternal?.(this.target, from, to)
    await this.#note([{ ...from, operation: 'delete' }, to])
  }

  async start(options: AttemptOptions = {}): Promise<SourceAttempt> {
    const attempt = await this.job.start(options)
    this.#running = attempt
    return attempt
  }

  /** Ends an attempt before its time. */
  async crash(attempt: SourceAttempt, mode: CrashMode): Promise<void> {
    this.#running = undefined
    if (mode === 'throw') {
      // What a failed attempt says when it is closed fails nothing in the engine.
      await attempt.close().catch(() => undefined)
      return
    }
    await this.driver.killConnections?.(this.target)
    this.#left.push(attempt.close().catch(() => undefined))
    this.job.forget()
  }

  /** Ends an attempt in order. */
  async close(attempt: SourceAttempt): Promise<void> {
    this.#running = undefined
    await attempt.close()
  }

  /** Everything that was emitted and counts. */
  emitted(attempt: SourceAttempt): readonly Emitted[] {
    return [...this.job.stored.emitted, ...attempt.uncommitted]
  }

  /**
   * Runs until so many records were emitted since the last completed checkpoint, or all, or until
   * no more come for a while: a source may wait for a checkpoint. It gets one if none came at all.
   */
  async emitSome(attempt: SourceAttempt, count: number): Promise<void> {
    const deadline = this.job.deadline()
    let emitted = attempt.uncommitted.length
    let lastMs = performance.now()
    while (attempt.uncommitted.length < count && !this.#all(attempt)) {
      deadline.check(() => 'no record comes')
      await attempt.step()
      if (attempt.uncommitted.length > emitted) {
        emitted = attempt.uncommitted.length
        lastMs = performance.now()
      } else if (performance.now() - lastMs > stalledMs) {
        if (emitted > 0) return
        await attempt.checkpoint()
        lastMs = performance.now()
      }
    }
  }

  /**
   * Runs until everything that was written was emitted, with checkpoints on the way.
   *
   * @param stalled - called when nothing has come for longer than a source needs.
   */
  async readAll(attempt: SourceAttempt, stalled?: () => Promise<void>): Promise<void> {
    const deadline = this.job.deadline()
    let lastCount = -1
    let lastMs = performance.now()
    for (let steps = 1; !this.#all(attempt); steps += 1) {
      deadline.check(() => this.#missing(attempt))
      await attempt.step()
      if (steps % stepsPerCheckpoint === 0) await attempt.checkpoint()
      const count = this.emitted(attempt).length
      if (count === lastCount && performance.now() - lastMs < silentMs) continue
      if (count === lastCount) await stalled?.()
      lastCount = count
      lastMs = performance.now()
    }
  }

  /** Runs for a while, whatever comes. */
  async idle(attempt: SourceAttempt, ms: number = this.#context.quietMs): Promise<void> {
    const endMs = performance.now() + ms
    do await attempt.step()
    while (performance.now() < endMs)
  }

  /** Runs until something done to the system is done: it may wait for what the source holds. */
  async runDuring(attempt: SourceAttempt, doing: Promise<void> | undefined): Promise<void> {
    let done = false
    const settled = Promise.resolve(doing).finally(() => {
      done = true
    })
    await Promise.all([settled, this.#runUntil(attempt, () => done)])
  }

  /**
   * Takes checkpoints until nothing changes in them any more: the source has seen that it has read
   * all, which may be later than its last record.
   */
  async comeToRest(attempt: SourceAttempt): Promise<void> {
    const deadline = this.job.deadline()
    for (let before = ''; ; ) {
      deadline.check(() => 'what checkpoints hold changes, and nothing is written')
      await attempt.checkpoint()
      const { enumerator, splits } = this.job.stored
      const held = JSON.stringify([enumerator, splits].flat(2).map((state) => state?.bytes))
      if (held === before) return
      before = held
      await this.idle(attempt, restMs)
    }
  }

  /** Starts the job again, writes the rest, and looks at the result for good. */
  async finish(options: AttemptOptions = {}): Promise<void> {
    await this.runOut(await this.start(options))
  }

  /** Starts the job again and reads what is there, and nothing of the rest. */
  async finishAsWritten(): Promise<void> {
    this.#batchCount = this.#workload.batches.length
    await this.finish()
  }

  /** Writes the rest and reads it, and looks at the result for good. */
  async runOut(attempt: SourceAttempt): Promise<void> {
    while (this.moreToWrite) {
      await this.writeNext()
      await this.readAll(attempt)
    }
    await this.readAll(attempt)
    await attempt.checkpoint()
    this.expectAll('after the last checkpoint')
    await this.idle(attempt)
    await attempt.checkpoint()
    await this.idle(attempt)
    await attempt.checkpoint()
    this.expectAll('after two more checkpoints and a quiet period')
    await this.close(attempt)
  }

  /** What completed checkpoints hold must be what was written. */
  expectAll(when: string, emitted: readonly Emitted[] = this.job.stored.emitted): void {
    failOn(this.#problems(emitted), when)
  }

  /** What the system takes for acknowledged must be in the oldest retained checkpoint. */
  async expectNotAhead(when: string): Promise<void> {
    const acknowledged = (await this.driver.acknowledged?.(this.target)) ?? 0n
    const before = this.#written.flatMap(({ records, end }) =>
      end !== undefined && end <= acknowledged ? records : [],
    )
    const { emitted } = this.job.oldestRetained
    const held = new Set(emitted.map(({ record }) => record.id))
    const ahead = before.filter(({ id }) => !held.has(id)).map(({ id }) => id)
    const problem = `acknowledged, and in no retained checkpoint: ${ahead.join(', ')}`
    failOn(ahead.length === 0 ? [] : [problem], when)
  }

  /** A number from 1 to `limit`, inclusive. */
  upTo(limit: number): number {
    return 1 + randomBelow(this.prng, limit)
  }

  /** What is upstream by now, and where its log ends. */
  async #note(records: readonly KitRecord[]): Promise<void> {
    const started = this.#running !== undefined || this.job.stored.checkpointId > 0
    const end = started ? await this.driver.endPosition?.(this.target) : undefined
    this.#written.push({ records, end })
  }

  async #runUntil(attempt: SourceAttempt, done: () => boolean): Promise<void> {
    const deadline = this.job.deadline()
    while (!done()) {
      deadline.check(() => 'what is done to the system waits for the source')
      await attempt.step()
    }
  }

  async #writeFirst(): Promise<void> {
    const { batches } = this.#workload
    const bounded = this.driver.capabilities.boundedness === 'bounded'
    const count = bounded ? batches.length : Math.min(batchesAtFirst, batches.length)
    for (let batch = 0; batch < count; batch += 1) await this.writeNext()
  }

  #all(attempt: SourceAttempt): boolean {
    const bounded = this.driver.capabilities.boundedness === 'bounded'
    return bounded ? attempt.ended : caughtUp(this.written, this.emitted(attempt))
  }

  #missing(attempt: SourceAttempt): string {
    const problems = this.#problems(this.emitted(attempt))
    return `the source does not come to the end (${problems.join('; ')})`
  }

  #problems(emitted: readonly Emitted[]): readonly string[] {
    const { perSplitOrder, snapshotThenStream } = this.driver.capabilities
    const declared = { perSplitOrder: perSplitOrder && this.ordered, snapshotThenStream }
    return compareEmitted(this.written, emitted, declared)
  }
}
