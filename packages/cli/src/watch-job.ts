import process from 'node:process'
import type { Logger } from '@flinkts/core'
import type { LiveTerminal } from './live-terminal.ts'
import { ProgressMeter, type WatchedJob } from './progress.ts'
import { progressFields, statusLine } from './status-line.ts'

const redrawMs = 250
const liveWindowMs = 3000
const measureMs = 1000
const logMs = 10_000

/** Shows how a job is doing, until it is told to end. @internal */
export interface JobWatch {
  /** How the job did over its whole run. */
  totals(): Readonly<Record<string, unknown>>
  /** Idempotent. */
  end(): void
}

/**
 * On a terminal: one line that is always up to date. Elsewhere: a line in the log, every 10 s.
 *
 * @internal
 */
export function watchJob(
  jobName: string,
  job: WatchedJob,
  display: { readonly terminal: LiveTerminal; readonly logger: Logger; readonly json: boolean },
): JobWatch {
  const { terminal, logger, json } = display
  const live = !json && process.stderr.isTTY
  const startMs = performance.now()
  const meter = new ProgressMeter(live ? liveWindowMs : logMs)
  let loggedAtMs = startMs
  const timer = setInterval(
    () => {
      const nowMs = performance.now()
      const progress = meter.measure(job, nowMs)
      if (live) terminal.show(statusLine(jobName, progress, terminal.columns - 1))
      if (live || nowMs - loggedAtMs < logMs) return
      loggedAtMs = nowMs
      logger.info('progress', { job: jobName, ...progressFields(progress) })
    },
    live ? redrawMs : measureMs,
  )
  // It must not keep the process alive.
  timer.unref()
  return {
    totals: () => {
      const durationMs = performance.now() - startMs
      return totalsOf(jobName, job, durationMs)
    },
    end: () => {
      clearInterval(timer)
      terminal.show('')
    },
  }
}

function totalsOf(
  jobName: string,
  job: WatchedJob,
  durationMs: number,
): Readonly<Record<string, unknown>> {
  const { completedCheckpoints, lastCheckpoint } = job.metrics()
  const { recordsIn, recordsOut, restarts } = new ProgressMeter(0).measure(job, 0)
  return {
    job: jobName,
    recordsIn,
    recordsOut,
    checkpoints: completedCheckpoints,
    ...(lastCheckpoint && { checkpointId: lastCheckpoint.checkpointId }),
    restarts,
    durationMs: Math.round(durationMs),
  }
}
