/** The job that a process was started for; loaded by the process and by each thread of the job. */
import { defineJob, type JobDefinition } from '@flinkts/core'
import { parseLoad } from './load.ts'
import { loadJobs } from './load-jobs.ts'
import { PlannedFailure } from './planned-failure.ts'

/** Longer than any run: what is left is the final checkpoint. */
const offMs = 86_400_000

/** In the process without threads, the failure that its job is to have. */
export const plannedFailure = new PlannedFailure(() => performance.now())

const load = parseLoad(process.argv.slice(2))
const { job: name, parallelism, checkpointIntervalMs = offMs } = load
const restart = { type: 'fixed-delay', attemptsMax: 1, delayMs: 0 } as const
const options = { parallelism, checkpointIntervalMs, restart }
const job: JobDefinition = defineJob(`load-${name}`, options, (env) => {
  loadJobs[name](env, load, () => plannedFailure.onRecord())
})

// A thread takes the job of a module by its default export.
export default job
