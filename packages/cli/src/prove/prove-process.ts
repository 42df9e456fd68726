import { consoleLogger, type JobDefinition, runJob } from '@flinkts/core'
import { defined, messageOf, type Sink, type Source } from '@flinkts/core/connector'
import {
  connectorsOf,
  sinkWithMoments,
  sourceWithMoments,
  withConnectors,
} from '@flinkts/core/testing'
import { loadJob } from '../load-job.ts'
import { Moments, tell } from './moments.ts'
import type { ProcessFailure, ProcessPlan } from './process-plan.ts'

/** Short, so that a small input gives many. */
const checkpointIntervalMs = 20
/** Where a checkpoint is late on purpose: enough for one that is not. */
const lateTimeoutMs = 500
/** Of each writer: checkpoints before it make sure that there is something to fall back to. */
const lateFlush = 2
const lateMoment = 'S8'

/** Runs the job as `text`, a `ProcessPlan`, says, and tells how it ended. @internal */
export async function proveProcess(text: string): Promise<void> {
  try {
    const plan = JSON.parse(text) as ProcessPlan
    const run = new WatchedJob(plan)
    const handle = await runJob(await run.replaced(await loadJob(plan.file)), {
      checkpointDirectory: plan.checkpointDirectory,
      threads: 0,
      ...(plan.parallelism === undefined ? {} : { parallelism: plan.parallelism }),
      logger: consoleLogger({ level: 'error' }),
    })
    await handle.ended
    tell({ type: 'finished', moments: run.moments.counts, records: run.records })
  } catch (thrown) {
    tell({ type: 'failed', failure: failureOf(thrown) })
  }
}

/** The job over scratch copies, with counted moments. */
class WatchedJob {
  readonly moments: Moments
  readonly records: Record<string, number> = {}
  readonly #plan: ProcessPlan
  readonly #lateAsked: boolean
  #late = false

  constructor(plan: ProcessPlan) {
    this.#plan = plan
    this.moments = new Moments(plan.kill)
    this.#lateAsked = plan.kill?.moment === lateMoment
  }

  async replaced(job: JobDefinition): Promise<JobDefinition> {
    const { sources, sinks } = connectorsOf(job)
    const newSources = new Map<string, Source<unknown>>()
    const newSinks = new Map<string, Sink<unknown>>()
    for (const [id, source] of sources) newSources.set(id, await this.#source(id, source))
    for (const [id, sink] of sinks) newSinks.set(id, await this.#sink(id, sink))
    return withConnectors(
      job,
      { sources: newSources, sinks: newSinks },
      {
        checkpointIntervalMs,
        checkpointMinPauseMs: 0,
        tolerableCheckpointFailures: Math.max(2, job.options.tolerableCheckpointFailures),
        restart: { type: 'none' },
        ...(this.#lateAsked ? { checkpointTimeoutMs: lateTimeoutMs } : {}),
      },
    )
  }

  async #source(operatorId: string, source: Source<unknown>): Promise<Source<unknown>> {
    const prover = defined(await source.prover?.(), 'who proves has asked for it')
    const pace = this.#plan.recordsPerCheckpoint[operatorId]
    this.records[operatorId] = 0
    return sourceWithMoments(prover.createSource(), {
      reach: (moment) => {
        if (moment !== lateMoment || this.#late) this.moments.reach(operatorId, moment)
      },
      onRecord: () => {
        this.records[operatorId] = (this.records[operatorId] ?? 0) + 1
      },
      ...(pace === undefined ? {} : { recordsPerCheckpoint: pace }),
    })
  }

  async #sink(operatorId: string, sink: Sink<unknown>): Promise<Sink<unknown>> {
    const prover = defined(await sink.prover?.(), 'who proves has asked for it')
    const copy = defined(this.#plan.copies[operatorId], 'every sink has a copy')
    return sinkWithMoments(prover.createSink(copy), {
      reach: (moment) => this.moments.reach(operatorId, moment),
      comesLate: (flush) => {
        const late = this.#lateAsked && flush === lateFlush
        this.#late ||= late
        return late
      },
    })
  }
}

function failureOf(thrown: unknown): ProcessFailure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'Error'
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : undefined
  const message = messageOf(thrown)
  return { code, message: cause === undefined ? message : `${message}: ${messageOf(cause)}` }
}
