import type { Counter, MetricScope, MetricSink } from '../common/metrics.ts'
import type { MetricPoint, MetricReport } from './thread-protocol.ts'

interface Metric {
  readonly scope: MetricScope
  readonly name: string
}

class ThreadCounter implements Counter {
  readonly metric: Metric
  #added = 0

  constructor(metric: Metric) {
    this.metric = metric
  }

  add(count = 1): void {
    this.#added += count
  }

  /** How much was added since the last call. */
  take(): number {
    const added = this.#added
    this.#added = 0
    return added
  }
}

/** The metrics of the tasks of a thread, to be reported to the coordinator's. @internal */
export class ThreadMetrics implements MetricSink {
  readonly #counters = new Map<string, ThreadCounter>()
  readonly #gauges = new Map<string, Metric & { readonly read: () => number }>()

  counter(scope: MetricScope, name: string): Counter {
    const key = keyOf(scope, name)
    const known = this.#counters.get(key)
    if (known !== undefined) return known
    const counter = new ThreadCounter({ scope, name })
    this.#counters.set(key, counter)
    return counter
  }

  gauge(scope: MetricScope, name: string, read: () => number): void {
    this.#gauges.set(keyOf(scope, name), { scope, name, read })
  }

  /** Checkpoints end at the coordinator. */
  checkpointEnded(): void {}

  report(): MetricReport {
    return {
      counters: [...this.#counters.values()].map((counter) => {
        return { ...counter.metric, value: counter.take() }
      }),
      gauges: [...this.#gauges.values()].map(({ scope, name, read }) => {
        return { scope, name, value: read() }
      }),
    }
  }
}

/** The metrics of the threads of an attempt, as they reported them. @internal */
export class ReportedMetrics {
  readonly #sink: MetricSink
  readonly #gauges = new Map<string, number>()

  constructor(sink: MetricSink) {
    this.#sink = sink
  }

  apply({ counters, gauges }: MetricReport): void {
    for (const { scope, name, value } of counters) this.#sink.counter(scope, name).add(value)
    for (const gauge of gauges) this.#setGauge(gauge)
  }

  #setGauge({ scope, name, value }: MetricPoint): void {
    const key = keyOf(scope, name)
    const known = this.#gauges.has(key)
    this.#gauges.set(key, value)
    if (!known) this.#sink.gauge(scope, name, () => this.#gauges.get(key) ?? 0)
  }
}

function keyOf({ operatorId, subtask }: MetricScope, name: string): string {
  return `${operatorId}/${subtask}/${name}`
}
