import { environment } from './cluster-fixture.ts'
import type { MetricGroup } from '@flinkts/core/connector'
import {
  createProducerMetrics,
  type ProducerMetrics,
  type ProducerOptions,
  type ProducerRecord,
} from '../../src/producer/kafka-producer.ts'

/** As the sink has them unless told. */
export const producerOptions: ProducerOptions = {
  acks: -1,
  compression: { type: 'none' },
  batchBytesMax: 512 * 1024,
  lingerMs: 5,
  bufferBytesMax: 32 * 1024 * 1024,
  requestBytesMax: 1024 * 1024,
  deliveryTimeoutMs: 120_000,
  partitioner: undefined,
}

/** Counters by name, and the metrics over them. */
export function countedMetrics(): {
  readonly counts: Map<string, number>
  readonly metrics: ProducerMetrics
} {
  const counts = new Map<string, number>()
  const group: MetricGroup = {
    counter: (name) => ({
      add: (count = 1) => {
        counts.set(name, (counts.get(name) ?? 0) + count)
      },
    }),
    gauge: () => undefined,
  }
  return { counts, metrics: createProducerMetrics(group) }
}

/** A record of texts. */
export function recordOf(
  topic: string,
  value: string,
  more: { readonly key?: string; readonly partition?: number } = {},
): ProducerRecord {
  return {
    topic,
    key: more.key === undefined ? null : Buffer.from(more.key),
    value: Buffer.from(value),
    headers: [],
    timestamp: environment.clock.now(),
    partition: more.partition,
  }
}
