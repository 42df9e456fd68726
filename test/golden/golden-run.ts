import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defineJob, type JobDefinition, runJob, silentLogger } from '@flinkts/core'
import { fileSink } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'
import { eventSource } from './event-source.ts'
import { failing, failuresIn, type FailurePlan, planFailures } from './failures.ts'
import { goldenJobs } from './jobs/all-jobs.ts'
import { readLines } from './output.ts'
import { newestWatermarks } from './watermarks.ts'

/** How jobs run, all together as one over the same events. */
export interface GoldenRunOptions {
  /** Their names. */
  readonly jobs: readonly string[]
  readonly parallelism: number
  /** The number of worker threads. */
  readonly threads: number
  /** The number of events. */
  readonly count: number
  /** Where it fails. */
  readonly failures: FailurePlan
}

/** All that the definition depends on: plain data, for threads. */
export interface GoldenRunPlan extends Omit<GoldenRunOptions, 'threads'> {
  /** Where it writes. */
  readonly folder: string
}

/** How the jobs must give what Flink gave; the seed says where they fail. */
export const goldenRuns: readonly (Pick<GoldenRunOptions, 'parallelism' | 'threads'> & {
  readonly seed: number
})[] = [0, 1, 2]
  .flatMap((threads) => [1, 2, 4].map((parallelism) => ({ parallelism, threads })))
  .map((run, seed) => ({ ...run, seed }))

/** The failures that follow from a seed. */
export function failuresOf(seed: number, count: number): FailurePlan {
  return planFailures({ seed, eventSeed, count, outOfOrdernessMs })
}

/** How they ran. */
export interface GoldenRun {
  readonly restarts: number
  /** The events at which a task failed. */
  readonly failures: readonly number[]
  readonly checkpoints: number
  /** The committed lines of each result, in no order. */
  readonly lines: ReadonlyMap<string, readonly string[]>
}

/** The parameter of the URL of `golden.job.ts` that holds a `GoldenRunPlan`, as JSON. */
export const planParameter = 'plan'
const eventSeed = 42
const outOfOrdernessMs = 2000
const checkpointIntervalMs = 200

/** Runs jobs to files that are read back, with failures of a task between. */
export async function runGoldenJobs({ threads, ...options }: GoldenRunOptions): Promise<GoldenRun> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flinkts-golden-'))
  const plan: GoldenRunPlan = { ...options, folder }
  try {
    await mkdir(failureFolder(folder))
    const { definition, names } = defineGoldenJobs(plan)
    const handle = await runJob(definition, {
      checkpointDirectory: path.join(folder, 'checkpoints'),
      logger: silentLogger,
      threads,
      module: moduleOf(plan),
    })
    await handle.ended
    return {
      restarts: handle.restarts,
      failures: failuresIn(failureFolder(folder)),
      checkpoints: handle.metrics().completedCheckpoints,
      lines: new Map(names.map((name) => [name, readLines(path.join(folder, name))])),
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Opens nothing. `names`: those of the results. */
export function defineGoldenJobs({
  jobs,
  parallelism,
  count,
  failures: { failures, holds },
  folder,
}: GoldenRunPlan): { readonly definition: JobDefinition; readonly names: readonly string[] } {
  const chosen = goldenJobs.filter(({ name }) => jobs.includes(name))
  const names: string[] = []
  const restart = { type: 'fixed-delay', attemptsMax: failures.length, delayMs: 0 } as const
  const options = { parallelism, checkpointIntervalMs, restart }
  const definition = defineJob('golden', options, (env) => {
    const source = eventSource({ seed: eventSeed, count, holds })
    const watermarks = newestWatermarks(outOfOrdernessMs)
    const events = env.source('events', source, { parallelism: 1, watermarks })
    const input = failing(events, failures, failureFolder(folder))
    for (const [name, lines] of chosen.flatMap((job) => Object.entries(job.build(input)))) {
      names.push(name)
      const sink = fileSink<string>({ path: path.join(folder, name), format: jsonLines() })
      lines.sinkTo(name, sink)
    }
  })
  return { definition, names }
}

function failureFolder(folder: string): string {
  return path.join(folder, 'failures')
}

function moduleOf(plan: GoldenRunPlan): URL {
  const module = new URL('golden.job.ts', import.meta.url)
  module.searchParams.set(planParameter, JSON.stringify(plan))
  return module
}
