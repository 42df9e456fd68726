import type {
  Committer,
  ConnectorContext,
  Finding,
  PreflightContext,
  Sink,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import { sinkReports } from '../runtime/conformance.ts'
import { environmentOf, openCluster } from '../runtime/open-cluster.ts'
import { AtLeastOnceWriter } from './at-least-once-writer.ts'
import { committableSerializer, type KafkaCommittable } from './committable.ts'
import { KafkaCommitter } from './committer.ts'
import { ExactlyOnceWriter } from './exactly-once-writer.ts'
import { openIds } from './lingering-transactions.ts'
import {
  type KafkaSinkOptions,
  type ResolvedKafkaSinkOptions,
  resolveKafkaSinkOptions,
} from './options.ts'
import { examineSink } from './preflight.ts'

/**
 * Writes records to topics: with `at-least-once`, visible at once.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function kafkaSink<In>(
  options: KafkaSinkOptions<In> & { readonly delivery: 'at-least-once' },
): Sink<In, never, 'at-least-once', never>
/** Exactly once: in transactions that are committed with the checkpoints of the job. @public */
export function kafkaSink<In>(
  options: KafkaSinkOptions<In> & {
    readonly delivery?: 'exactly-once' | undefined
    readonly transactionalIdPrefix: string
  },
): Sink<In, KafkaCommittable, 'exactly-once', never>
export function kafkaSink<In>(
  options: KafkaSinkOptions<In>,
): Sink<In, never, 'at-least-once', never> | Sink<In, KafkaCommittable, 'exactly-once', never> {
  const resolved = resolveKafkaSinkOptions(options)
  return resolved.delivery === 'exactly-once'
    ? new ExactlyOnceSink(resolved)
    : new AtLeastOnceSink(resolved)
}

class ExactlyOnceSink<In> implements Sink<In, KafkaCommittable, 'exactly-once', never> {
  readonly description: string
  readonly guarantee = 'exactly-once'
  readonly mechanism = 'Kafka transactions, committed after the checkpoint'
  readonly conformance = sinkReports('exactly-once')
  readonly committableSerializer = committableSerializer
  readonly #options: ResolvedKafkaSinkOptions<In>

  constructor(options: ResolvedKafkaSinkOptions<In>) {
    this.#options = options
    this.description = describe(options)
  }

  preflight(context: PreflightContext): Promise<readonly Finding[]> {
    return examineSink(this.#options, context)
  }

  createWriter(context: SubtaskContext): Promise<ExactlyOnceWriter<In>> {
    return ExactlyOnceWriter.open(this.#options, context, clusterOf(this.#options, context))
  }

  createCommitter(context: ConnectorContext): Promise<Committer<KafkaCommittable>> {
    const cluster = clusterOf(this.#options, context)
    return Promise.resolve(new KafkaCommitter(cluster, this.#options.commitTimeoutMs))
  }

  async leftBehind(context: ConnectorContext): Promise<readonly Finding[]> {
    const cluster = clusterOf(this.#options, context)
    try {
      const open = await openIds(cluster, this.#options.transactionalIdPrefix)
      if (open.length === 0) return []
      const ids = open.map(({ transactionalId }) => transactionalId)
      const found = await cluster.transactions.describe(ids)
      return found.map(({ transactionalId, startTimeMs }) => ({
        severity: 'warning',
        code: 'open-transaction',
        message: `the transaction "${transactionalId}" is open since ${isoTime(startTimeMs)}`,
        hint:
          'Consumers of committed records wait for it until it times out. A restart of its job ' +
          'ends it, or commits it if a checkpoint holds it.',
      }))
    } finally {
      await cluster.close()
    }
  }
}

class AtLeastOnceSink<In> implements Sink<In, never, 'at-least-once', never> {
  readonly description: string
  readonly guarantee = 'at-least-once'
  readonly mechanism = 'acknowledged by all in-sync replicas before the checkpoint'
  readonly conformance = sinkReports('at-least-once')
  readonly #options: ResolvedKafkaSinkOptions<In>

  constructor(options: ResolvedKafkaSinkOptions<In>) {
    this.#options = options
    this.description = describe(options)
  }

  preflight(context: PreflightContext): Promise<readonly Finding[]> {
    return examineSink(this.#options, context)
  }

  createWriter(context: SubtaskContext): Promise<AtLeastOnceWriter<In>> {
    const cluster = clusterOf(this.#options, context)
    return Promise.resolve(new AtLeastOnceWriter(this.#options, context, cluster))
  }
}

function clusterOf<In>(
  { connection }: ResolvedKafkaSinkOptions<In>,
  context: ConnectorContext,
): KafkaCluster {
  return openCluster(connection, environmentOf(context))
}

function describe<In>({ topic }: ResolvedKafkaSinkOptions<In>): string {
  return typeof topic === 'string' ? `kafka topic ${topic}` : 'kafka topics chosen by record'
}

function isoTime(ms: number): string {
  return ms < 0 ? 'an unknown time' : new Date(ms).toISOString()
}
