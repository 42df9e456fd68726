import type { JobDefinition } from '../api/define-job.ts'
import { TestRuntime } from './test-runtime.ts'

/** How a job runs in a test. @public */
export interface TestJobOptions {
  /** Subtasks of operators that do not say otherwise; overrides the definition. */
  readonly parallelism?: number
  /** How much time may pass for the job, in milliseconds; default 3 600 000, which is an hour. */
  readonly timeMaxMs?: number
}

/**
 * Runs a job of bounded sources to its end, with checkpoints on a disk in memory. Its time is not
 * that of the machine: it jumps from timer to timer, so nothing waits. The checks of connectors
 * (`preflight`) are not run. Rejects with what makes the job fail, after its restarts.
 *
 * @throws FlinktsError FLINKTS_TEST_INVALID if the job does not end within `timeMaxMs`
 * @public
 */
export async function runTestJob(job: JobDefinition, options: TestJobOptions = {}): Promise<void> {
  const { timeMaxMs, ...runOptions } = options
  const runtime = new TestRuntime()
  await runtime.end(runtime.start(job, runOptions), timeMaxMs)
}
