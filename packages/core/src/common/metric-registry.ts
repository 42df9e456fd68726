import type { CheckpointStats, Counter, MetricScope, MetricSink } from './metrics.ts'

/** The value of a metric of one operator subtask. @public */
export interface MetricValue extends MetricScope {
  readonly name: string
  readonly value: number
}

/** What a job has done. @public */
export interface JobMetrics {
  readonly values: readonly MetricValue[]
  readonly completedCheckpoints: number
  readonly failedCheckpoints: number
  /** The newest checkpoint that completed. */
  readonly lastCheckpoint: CheckpointStats | undefined
}

interface Metric {
  readonly scope: MetricScope
  readonly name: string
  read: () => number
}

class NumberCounter implements Counter {
  value = 0

  add(count = 1): void {
    this.value += count
  }
}

/**
 * Keeps the metrics of a job in memory, and passes them on. Counters go on over restarts of the
 * job.
 *
 * @internal
 */
export class MetricRegistry implements MetricSink {
  readonly #next: MetricSink | undefined
  readonly #metrics = new Map<string, Metric>()
  readonly #counters = new Map<string, NumberCounter>()
  #completedCheckpoints = 0
  #failedCheckpoints = 0
  #lastCheckpoint: CheckpointStats | undefined

  /** `next`: where every metric is reported too. */
  constructor(next?: MetricSink) {
    this.#next = next
  }

  counter(scope: MetricScope, name: string): Counter {
    const key = keyOf(scope, name)
    const known = this.#counters.get(key)
    if (known !== undefined) return known
    const counter = new NumberCounter()
    this.#counters.set(key, counter)
    this.gauge(scope, name, () => counter.value)
    return counter
  }

  gauge(scope: MetricScope, name: string, read: () => number): void {
    this.#metrics.set(keyOf(scope, name), { scope, name, read })
    this.#next?.gauge(scope, name, read)
  }

  checkpointEnded(stats: CheckpointStats): void {
    if (stats.status === 'completed') {
      this.#completedCheckpoints += 1
      this.#lastCheckpoint = stats
    } else {
      this.#failedCheckpoints += 1
    }
    this.#next?.checkpointEnded(stats)
  }

  /** The values as of now. */
  collect(): JobMetrics {
    const values = [...this.#metrics.values()].map(({ scope, name, read }) => {
      return { ...scope, name, value: read() }
    })
    return {
      values,
      completedCheckpoints: this.#completedCheckpoints,
      failedCheckpoints: this.#failedCheckpoints,
      lastCheckpoint: this.#lastCheckpoint,
    }
  }
}

function keyOf({ operatorId, subtask }: MetricScope, name: string): string {
  return `${operatorId}/${subtask}/${name}`
}
