import { defined, delay } from '@flinkts/core/connector'
import type { SinkCheckContext } from '../../checks/sink/sink-check.ts'
import type { SinkCapabilities } from '../../capabilities/sink-capabilities.ts'
import type { JsonValue } from '../../driver/connector-driver.ts'
import type { SinkDriver } from '../../driver/sink-driver.ts'
import {
  defaultSize,
  resultOf,
  type VisibleRecord,
  type Workload,
  workload,
  type WorkloadSize,
} from '../../records/kit-record.ts'
import { compareRecords } from '../../records/oracle.ts'
import { drawJobId, scheduler } from '../kit-runtime.ts'
import type { SinkAttempt } from './sink-attempt.ts'
import { SinkJob } from './sink-job.ts'
import { failOn } from '../violation.ts'

/** How an attempt ends: it failed and is closed, or nobody ever comes back to it. @internal */
export type CrashMode = 'throw' | 'abandon'

/** The subtasks of a job in a check. */
const subtasks = 2

/**
 * A target of its own with a job that writes to it, and what checks do with both. At the end, what
 * is left of abandoned attempts is closed, and the target is removed.
 *
 * @internal
 */
export class SinkScenario implements AsyncDisposable {
  readonly job: SinkJob
  readonly target: JsonValue
  readonly #driver: SinkDriver
  readonly #context: SinkCheckContext
  readonly #abandoned: SinkAttempt[] = []

  private constructor(
    context: SinkCheckContext,
    target: JsonValue,
    records: Workload,
    jobId: string = drawJobId(),
  ) {
    this.#context = context
    this.#driver = context.driver
    this.target = target
    this.job = this.newJob(jobId, records)
  }

  static async open(
    context: SinkCheckContext,
    size: WorkloadSize = defaultSize,
  ): Promise<SinkScenario> {
    return SinkScenario.openWith(context, workload(context.seed, size))
  }

  /** With other records than those of the seed, or with a job whose id is the same in every run. */
  static async openWith(
    context: SinkCheckContext,
    records: Workload,
    jobId?: string,
  ): Promise<SinkScenario> {
    return new SinkScenario(context, await context.driver.setup(), records, jobId)
  }

  /** In a target of this name; few records, which a job gets through soon. */
  static async openNamed(context: SinkCheckContext, name: string): Promise<SinkScenario> {
    const { driver, seed } = context
    const target = defined(await driver.setupNamed?.(name), 'the driver has setupNamed')
    const size = { splitCount: 2, batchCount: 2, recordsPerBatch: 2 }
    return new SinkScenario(context, target, workload(seed, size))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAbandoned()
    await this.#driver.clean(this.target)
  }

  /** Another job that writes to the same target. */
  newJob(jobId: string, records: Workload = workload(this.#context.seed)): SinkJob {
    return this.#jobAt(this.target, jobId, records)
  }

  /** A job that writes somewhere else. */
  jobAt(target: JsonValue): SinkJob {
    return this.#jobAt(target, drawJobId(), workload(this.#context.seed))
  }

  /** Ends an attempt before its time. */
  async crash(attempt: SinkAttempt, mode: CrashMode): Promise<void> {
    if (mode === 'throw') {
      // What a failed attempt says when it is closed fails nothing in the engine.
      await attempt.close().catch(() => undefined)
      return
    }
    this.#abandoned.push(attempt)
    await this.killConnections()
  }

  /** Does nothing if the driver cannot. */
  async killConnections(): Promise<void> {
    await this.#driver.killConnections?.(this.target)
  }

  get capabilities(): SinkCapabilities {
    return this.#driver.capabilities
  }

  /** What is visible now. */
  visible(): Promise<readonly VisibleRecord[]> {
    return this.#driver.readCommitted(this.target)
  }

  inFlight(): Promise<readonly string[]> {
    return this.#driver.listInFlight(this.target)
  }

  async removePrepared(): Promise<void> {
    await this.#driver.removePrepared?.(this.target)
  }

  /** Visible must be these records, as the capabilities say. */
  async expectVisible(expected: readonly VisibleRecord[], when: string): Promise<void> {
    const found = await this.visible()
    failOn(compareRecords(expected, found, this.#driver.capabilities), when)
  }

  async expectNothingInFlight(when: string): Promise<void> {
    const names = await this.inFlight()
    failOn(names.length === 0 ? [] : [`in flight: ${names.join(', ')}`], when)
  }

  /** Starts the job again, runs it to its end, and looks at the result for good. */
  async finish(parallelism?: number): Promise<void> {
    await this.runOut(await this.job.start(parallelism))
  }

  /** Runs an attempt to its end, and looks at the result for good. */
  async runOut(attempt: SinkAttempt): Promise<void> {
    await attempt.runToEnd()
    await this.settle(attempt)
  }

  /**
   * Two more checkpoints, a quiet period, and the ends of those who were left alone: nothing may
   * change. Nothing may be left: what the latter went on with, the start after that removes.
   */
  async settle(attempt: SinkAttempt): Promise<void> {
    await this.#expectAll('after the last checkpoint')
    await attempt.emptyCheckpoint()
    await attempt.emptyCheckpoint()
    await attempt.close()
    await this.quiet()
    await this.#expectAll('after two more checkpoints and a quiet period')
    if (this.#abandoned.length > 0) {
      await this.closeAbandoned()
      const last = await this.job.start()
      await last.emptyCheckpoint()
      await last.close()
      await this.#expectAll('after the end of those who were left alone')
    }
    await this.expectNothingInFlight('at the end')
  }

  quiet(): Promise<void> {
    return delay(scheduler, this.#context.quietMs)
  }

  async closeAbandoned(): Promise<void> {
    for (const attempt of this.#abandoned.splice(0)) await attempt.close().catch(() => undefined)
  }

  #jobAt(target: JsonValue, jobId: string, records: Workload): SinkJob {
    return new SinkJob({
      sink: this.#driver.createSink(target),
      jobId,
      workload: records,
      parallelism: subtasks,
    })
  }

  async #expectAll(when: string): Promise<void> {
    await this.expectVisible(resultOf(this.job.parts.workload.batches.flat()), when)
  }
}
