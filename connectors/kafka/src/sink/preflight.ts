import { FlinktsError, systemTime } from '@flinkts/core/connector'
import type { Finding, PreflightContext } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import { isTransient } from '../cluster/retry.ts'
import type { TopicMetadata } from '../protocol/metadata.ts'
import { topicProblem } from '../runtime/topic-errors.ts'
import { environmentOf, openCluster } from '../runtime/open-cluster.ts'
import { openTransactionsOf } from './lingering-transactions.ts'
import type { ResolvedKafkaSinkOptions } from './options.ts'

/**
 * Looks, without changing anything, for what would keep the sink from working: brokers, the topic
 * if it is fixed, the timeout of transactions. The right to write shows only with the first record.
 *
 * @throws FlinktsError what may pass, such as FLINKTS_KAFKA_UNREACHABLE
 * @internal
 */
export async function examineSink<In>(
  options: ResolvedKafkaSinkOptions<In>,
  { signal }: Pick<PreflightContext, 'signal'>,
): Promise<readonly Finding[]> {
  const { connection, topic, delivery } = options
  const environment = environmentOf({ clock: systemTime, scheduler: systemTime })
  const cluster = openCluster(connection, environment)
  try {
    await cluster.metadata.refresh([], signal)
    const topics = typeof topic === 'string' ? await cluster.metadata.topics([topic], signal) : []
    const findings = topics.flatMap(topicFindings)
    if (delivery === 'at-least-once') return findings
    return [...findings, ...(await transactionFindings(cluster, options, signal))]
  } catch (error) {
    if (!(error instanceof FlinktsError) || isTransient(error)) throw error
    return [finding('cluster', error)]
  } finally {
    await cluster.close()
  }
}

function topicFindings({ topic, errorCode, partitions }: TopicMetadata): readonly Finding[] {
  const problem = topicProblem({ topic, errorCode })
  if (problem !== undefined) return [finding('topic', problem)]
  if (partitions.every(({ replicaIds }) => replicaIds.length > 1)) return []
  return [
    {
      severity: 'warning',
      code: 'replication',
      message: `the topic "${topic}" has partitions with one replica`,
      hint: 'Records are lost with the disk of one broker. Use 3 replicas in production.',
    },
  ]
}

async function transactionFindings<In>(
  cluster: KafkaCluster,
  { transactionTimeoutMs, transactionalIdPrefix }: ResolvedKafkaSinkOptions<In>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const setting = 'transaction.max.timeout.ms'
  const [nodeId = 0] = cluster.metadata.brokers.keys()
  const broker = { kind: 'broker', name: String(nodeId), settings: [setting] } as const
  const [described] = await cluster.administration.describeConfigs([broker], { signal })
  const maxMs = Number(described?.entries.find(({ name }) => name === setting)?.value)
  if (transactionTimeoutMs > maxMs) {
    findings.push({
      severity: 'error',
      code: 'transaction-timeout',
      message:
        `"transactionTimeoutMs" is ${transactionTimeoutMs}, and the brokers allow ${maxMs} ` +
        `(${setting})`,
      hint: `Set "transactionTimeoutMs" to ${maxMs} or less, or raise ${setting}.`,
    })
  }
  try {
    await openTransactionsOf(cluster, transactionalIdPrefix, signal)
  } catch (error) {
    if (!(error instanceof FlinktsError) || isTransient(error)) throw error
    findings.push(finding('list-transactions', error))
  }
  return findings
}

function finding(code: string, { message, hint = '' }: FlinktsError): Finding {
  return { severity: 'error', code, message, hint }
}
