import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defineJob, type JobDefinition, runJob, silentLogger } from '@flinkts/core'
import { fileSink } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'
import { eventSource } from './event-source.ts'
import { failing, type FailurePlan, planFailures } from './failures.ts'
import type { GoldenJob } from './jobs/golden-job.ts'
import { readLines } from './output.ts'

/** How a job runs. */
export interface GoldenRunOptions {
  readonly parallelism: number
  /** The number of events. */
  readonly count: number
  /** Where it fails. */
  readonly failures: FailurePlan
}

/** The failures that follow from a seed. */
export function failuresOf(seed: number, count: number): FailurePlan {
  return planFailures({ seed, eventSeed, count, outOfOrdernessMs })
}

/** How a job ran. */
export interface GoldenRun {
  readonly restarts: number
  readonly checkpoints: number
  /** The committed lines of each result, in no order. */
  readonly lines: ReadonlyMap<string, readonly string[]>
}

const eventSeed = 42
const outOfOrdernessMs = 2000
const checkpointIntervalMs = 200

/** Runs a job from files it writes to files read back, with three failures of a task between. */
export async function runGoldenJob(job: GoldenJob, options: GoldenRunOptions): Promise<GoldenRun> {
  const folder = await mkdtemp(path.join(tmpdir(), `flinkts-golden-${job.name}-`))
  try {
    const { definition, names } = defineGoldenJob(job, options, folder)
    const handle = await runJob(definition, {
      checkpointDirectory: path.join(folder, 'checkpoints'),
      logger: silentLogger,
    })
    await handle.ended
    const lines = new Map(names.map((name) => [name, readLines(path.join(folder, name))]))
    return { restarts: handle.restarts, checkpoints: handle.metrics().completedCheckpoints, lines }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Opens nothing. `names`: those of the results. */
export function defineGoldenJob(
  job: GoldenJob,
  { parallelism, count, failures: { failures, holds } }: GoldenRunOptions,
  folder: string,
): { readonly definition: JobDefinition; readonly names: readonly string[] } {
  const names: string[] = []
  const restart = { type: 'fixed-delay', attemptsMax: failures.length, delayMs: 0 } as const
  const options = { parallelism, checkpointIntervalMs, restart }
  const definition = defineJob(job.name, options, (env) => {
    const source = eventSource({ seed: eventSeed, count, outOfOrdernessMs, holds })
    const events = failing(env.source('events', source, { parallelism: 1 }), failures)
    for (const [name, lines] of Object.entries(job.build(events))) {
      names.push(name)
      const sink = fileSink<string>({ path: path.join(folder, name), format: jsonLines() })
      lines.sinkTo(name, sink)
    }
  })
  return { definition, names }
}
