import type { Counter, MetricGroup } from '@flinkts/core/connector'

/** What the producers of one writer count, one after the other. @internal */
export interface ProducerMetrics {
  /** Acknowledged. */
  readonly records: Counter
  /** Of acknowledged batches, as they were sent. */
  readonly bytes: Counter
  /** Acknowledged. */
  readonly batches: Counter
  /** Batches that are sent again. */
  readonly retries: Counter
  /** Produce requests that are not answered yet. */
  requestsUnderWay: number
}

/** Registers the metrics of a writer. @internal */
export function createProducerMetrics(group: MetricGroup): ProducerMetrics {
  const metrics: ProducerMetrics = {
    records: group.counter('recordsAcknowledged'),
    bytes: group.counter('batchBytesAcknowledged'),
    batches: group.counter('batchesAcknowledged'),
    retries: group.counter('batchRetries'),
    requestsUnderWay: 0,
  }
  group.gauge('produceRequestsUnderWay', () => metrics.requestsUnderWay)
  return metrics
}
