import type { SinkRecordContext, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import { createProducerMetrics, KafkaProducer } from '../producer/kafka-producer.ts'
import type { ResolvedKafkaSinkOptions } from './options.ts'
import { RecordEncoder } from './record-encoder.ts'

/**
 * Writes with one idempotent producer, without transactions: records are visible at once, and a
 * restart writes again what came after the checkpoint.
 *
 * @internal
 */
export class AtLeastOnceWriter<In> implements SinkWriter<In, never> {
  readonly #cluster: KafkaCluster
  readonly #encoder: RecordEncoder<In>
  readonly #producer: KafkaProducer

  /** @param cluster - Closed by the writer. */
  constructor(
    options: ResolvedKafkaSinkOptions<In>,
    { clock, scheduler, metrics }: SubtaskContext,
    cluster: KafkaCluster,
  ) {
    const initialized = cluster.transactions.initIdempotentProducerId()
    this.#cluster = cluster
    this.#encoder = new RecordEncoder(options, clock)
    this.#producer = new KafkaProducer({
      cluster,
      clock,
      scheduler,
      // Pauses, and partitions of records without key: nothing that a checkpoint depends on.
      random: () => Math.random(),
      options: options.producer,
      session: initialized.then((identity) => ({ identity, transaction: undefined })),
      metrics: createProducerMetrics(metrics),
    })
  }

  write(value: In, context: SinkRecordContext): void | Promise<void> {
    return this.#producer.write(this.#encoder.encode(value, context))
  }

  flush(): Promise<void> {
    return this.#producer.flush()
  }

  async close(): Promise<void> {
    await this.#producer.close()
    await this.#cluster.close()
  }
}
