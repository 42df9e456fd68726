import type { JobMetrics, JobStatus } from '@flinkts/core'

/** A gauge of the sources that tells how far behind they are, such as `lagBytes`. @internal */
export interface Lag {
  readonly name: string
  readonly value: number
}

/** How a job is doing. Rates are records a second; times are in milliseconds. @internal */
export interface Progress {
  readonly status: JobStatus
  readonly restarts: number
  readonly recordsIn: number
  readonly recordsOut: number
  readonly recordsInPerSecond: number
  readonly recordsOutPerSecond: number
  readonly lags: readonly Lag[]
  readonly checkpoint:
    | { readonly checkpointId: number; readonly ageMs: number; readonly durationMs: number }
    | undefined
}

/** What of a `JobHandle` is watched. @internal */
export interface WatchedJob {
  readonly status: JobStatus
  readonly restarts: number
  metrics(): JobMetrics
}

interface Sample {
  readonly timeMs: number
  readonly recordsIn: number
  readonly recordsOut: number
}

/**
 * Turns the counters of a job into rates.
 *
 * @internal
 */
export class ProgressMeter {
  readonly #windowMs: number
  /** Those of the window, and the newest one before it; the oldest first. */
  readonly #samples: Sample[] = []
  #checkpoint: { readonly checkpointId: number; readonly seenAtMs: number } | undefined

  /** `windowMs`: the time over which rates are taken. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /**
   * How the job is doing at `nowMs`, of a clock that only grows. Call it at least twice a window.
   */
  measure(job: WatchedJob, nowMs: number): Progress {
    const { values, lastCheckpoint } = job.metrics()
    const total = (name: string): number =>
      values.reduce((sum, metric) => sum + (metric.name === name ? metric.value : 0), 0)
    const sample = {
      timeMs: nowMs,
      recordsIn: total('recordsRead'),
      recordsOut: total('recordsWritten'),
    }
    const first = this.#add(sample)
    const seconds = (nowMs - first.timeMs) / 1000
    const rate = (grown: number): number => (seconds === 0 ? 0 : grown / seconds)
    if (
      lastCheckpoint !== undefined &&
      lastCheckpoint.checkpointId !== this.#checkpoint?.checkpointId
    ) {
      this.#checkpoint = { checkpointId: lastCheckpoint.checkpointId, seenAtMs: nowMs }
    }
    const { recordsIn, recordsOut } = sample
    return {
      status: job.status,
      restarts: job.restarts,
      recordsIn,
      recordsOut,
      recordsInPerSecond: rate(recordsIn - first.recordsIn),
      recordsOutPerSecond: rate(recordsOut - first.recordsOut),
      lags: lagsOf(values),
      checkpoint: lastCheckpoint && {
        checkpointId: lastCheckpoint.checkpointId,
        ageMs: nowMs - (this.#checkpoint?.seenAtMs ?? nowMs),
        durationMs: lastCheckpoint.durationMs,
      },
    }
  }

  /** @returns where the window begins. */
  #add(sample: Sample): Sample {
    this.#samples.push(sample)
    const start = sample.timeMs - this.#windowMs
    while ((this.#samples[1]?.timeMs ?? Infinity) <= start) this.#samples.shift()
    return this.#samples[0] ?? sample
  }
}

/** Amounts add up over subtasks; of times the longest counts. */
function lagsOf(values: JobMetrics['values']): readonly Lag[] {
  const lags = new Map<string, number>()
  for (const { name, value } of values) {
    if (!/^lag[A-Z]/.test(name)) continue
    const other = lags.get(name) ?? 0
    lags.set(name, name.endsWith('Ms') ? Math.max(other, value) : other + value)
  }
  return [...lags].map(([name, value]) => ({ name, value }))
}
