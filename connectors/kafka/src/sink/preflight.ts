import { systemTime } from '@flinkts/core/connector'
import type { Finding, PreflightContext } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { TopicMetadata } from '../protocol/metadata.ts'
import { attempt, findingOf } from '../runtime/findings.ts'
import { topicProblem } from '../runtime/topic-errors.ts'
import { environmentOf, openCluster } from '../runtime/open-cluster.ts'
import { openIds } from './lingering-transactions.ts'
import type { ResolvedKafkaSinkOptions } from './options.ts'

/**
 * Looks, without changing anything, for what would keep the sink from working: brokers, the topic
 * if it is fixed, the timeout of transactions. The right to write shows only with the first record.
 *
 * @internal
 */
export async function examineSink<In>(
  options: ResolvedKafkaSinkOptions<In>,
  { signal }: Pick<PreflightContext, 'signal'>,
): Promise<readonly Finding[]> {
  const { connection, topic, delivery } = options
  const environment = environmentOf({ clock: systemTime, scheduler: systemTime })
  const cluster = openCluster(connection, environment)
  const findings: Finding[] = []
  try {
    await attempt(findings, async () => {
      await cluster.metadata.refresh([], signal)
      const topics = typeof topic === 'string' ? await cluster.metadata.topics([topic], signal) : []
      findings.push(...topics.flatMap(topicFindings))
      if (delivery === 'at-least-once') return
      findings.push(...(await timeoutFindings(cluster, options, signal)))
      await openIds(cluster, options.transactionalIdPrefix, signal)
    })
    return findings
  } finally {
    await cluster.close()
  }
}

function topicFindings({ topic, errorCode, partitions }: TopicMetadata): readonly Finding[] {
  const problem = topicProblem({ topic, errorCode })
  if (problem !== undefined) return [findingOf(problem)]
  if (partitions.every(({ replicaIds }) => replicaIds.length > 1)) return []
  return [
    {
      severity: 'warning',
      code: 'one-replica',
      message: `the topic "${topic}" has partitions with one replica`,
      hint: 'Records are lost with the disk of one broker. Use 3 replicas in production.',
    },
  ]
}

async function timeoutFindings<In>(
  cluster: KafkaCluster,
  { transactionTimeoutMs }: ResolvedKafkaSinkOptions<In>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const setting = 'transaction.max.timeout.ms'
  const [nodeId = 0] = cluster.metadata.brokers.keys()
  const broker = { kind: 'broker', name: String(nodeId), settings: [setting] } as const
  const [described] = await cluster.administration.describeConfigs([broker], { signal })
  const maxMs = Number(described?.entries.find(({ name }) => name === setting)?.value)
  if (transactionTimeoutMs <= maxMs) return []
  return [
    {
      severity: 'error',
      code: 'transaction-timeout',
      message:
        `"transactionTimeoutMs" is ${transactionTimeoutMs}, and the brokers allow ${maxMs} ` +
        `(${setting})`,
      hint: `Set "transactionTimeoutMs" to ${maxMs} or less, or raise ${setting}.`,
    },
  ]
}
