import type { JobDefinition } from '../api/define-job.ts'
import { type JobHandle, type JobRuntime, type RunOptions, startJob } from '../api/start-job.ts'
import type { ProcessProbe } from '../checkpoint/process-probe.ts'
import { FlinktsError } from '../common/errors.ts'
import { silentLogger } from '../common/logger.ts'
import { MetricRegistry } from '../common/metric-registry.ts'
import { SeededPrng } from '../common/prng.ts'
import { ManualScheduler } from './manual-scheduler.ts'
import { SimulatedThread } from './simulation/simulated-thread.ts'
import { SimulatedStorage } from './simulated-storage.ts'

/**
 * What jobs run on in a test: time that jumps from timer to timer, and a disk in memory. @internal
 */
export class TestRuntime {
  readonly scheduler: ManualScheduler = new ManualScheduler()
  readonly disk: SimulatedStorage = new SimulatedStorage(new SeededPrng(1))
  #started = 0

  /**
   * Starts a job as a process of its own, which finds what earlier ones left on the disk. Its
   * threads are simulated. `more`: what is different for it.
   */
  start(job: JobDefinition, options: RunOptions = {}, more: Partial<JobRuntime> = {}): JobHandle {
    this.#started += 1
    const { scheduler } = this
    const storage = this.disk.open()
    const threadWorld = { clock: scheduler, scheduler, storage, job, dies: () => false }
    return startJob(job, options, {
      clock: this.scheduler,
      scheduler: this.scheduler,
      prng: new SeededPrng(this.#started),
      logger: silentLogger,
      metrics: new MetricRegistry(),
      storage,
      probe: probeOf(this.#started),
      threads: {
        module: 'test',
        start: (init, listener) => new SimulatedThread(init, listener, threadWorld),
      },
      ...more,
    })
  }

  /**
   * Lets time pass until the job has ended, by default an hour at most, and says how it ended.
   * Rejects with what made it fail.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if it takes longer than `timeMaxMs`
   */
  async end(
    handle: JobHandle,
    timeMaxMs = 3_600_000,
  ): Promise<'finished' | 'stopped' | 'cancelled'> {
    const job = { ended: false }
    const settled = handle.ended.finally(() => {
      job.ended = true
    })
    // Who awaits it hears of a failure; until then it is not unhandled.
    settled.catch(() => {})
    const endMs = this.scheduler.now() + timeMaxMs
    await this.scheduler.settle()
    while (!job.ended) {
      if (await this.scheduler.advanceToTimer(endMs)) continue
      handle.cancel()
      await this.scheduler.settle()
      throw new FlinktsError(
        'FLINKTS_TEST_INVALID',
        `job "${handle.plan.jobName}" did not end within ${timeMaxMs} ms`,
        { hint: 'Its sources must be bounded, and nothing in it may wait for the real clock.' },
      )
    }
    return settled
  }
}

/** Every process lives on, on a machine of its own. */
function probeOf(pid: number): ProcessProbe {
  return {
    self: { host: 'test', pidSpace: 'test', pid, nonce: `process-${pid}` },
    find: () => Promise.resolve({ status: 'running' }),
  }
}
