import { describe, expect, test } from 'vitest'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { ReportedMetrics, ThreadMetrics } from '../../src/threads/thread-metrics.ts'

const scope = { operatorId: 'sum', subtask: 1 }

describe('the metrics of a thread', () => {
  test('are added up over attempts if they count, and replaced if they do not', () => {
    const registry = new MetricRegistry()
    for (const attempt of [1, 2]) {
      const thread = new ThreadMetrics()
      const reported = new ReportedMetrics(registry)
      thread.gauge(scope, 'recordsIn', () => 10 * attempt)
      thread.counter(scope, 'recordsRead').add(2)
      reported.apply(thread.report())
      thread.counter(scope, 'recordsRead').add()
      reported.apply(thread.report())
    }

    expect(registry.collect().values).toEqual([
      { ...scope, name: 'recordsRead', value: 6 },
      { ...scope, name: 'recordsIn', value: 20 },
    ])
  })
})
