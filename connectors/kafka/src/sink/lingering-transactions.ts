import type { SubtaskContext } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { TransactionState } from '../protocol/list-transactions.ts'
import { parseTransactionalId, type TransactionalIdPlace } from './transactional-id.ts'

const openStates: readonly TransactionState[] = ['Ongoing', 'PrepareCommit', 'PrepareAbort']

/** A transaction of a prefix that has no end yet. @internal */
export interface OpenTransaction extends TransactionalIdPlace {
  readonly transactionalId: string
}

/** Those of exactly this prefix, of all subtasks. @internal */
export async function openTransactionsOf(
  cluster: KafkaCluster,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly OpenTransaction[]> {
  const escaped = prefix.replaceAll('.', String.raw`\.`)
  const transactionalIdPattern = `${escaped}-[0-9a-z]+-[0-9]+-[0-9]+-[0-9]+`
  const filter = { states: openStates, transactionalIdPattern }
  const listed = await cluster.transactions.list(filter, { signal })
  return listed.flatMap(({ transactionalId }) => {
    const place = parseTransactionalId(prefix, transactionalId)
    return place === undefined ? [] : [{ transactionalId, ...place }]
  })
}

/**
 * The ids under which an earlier attempt, or another job with the prefix, left something open;
 * never those of a later attempt, as this one may be late. Those of subtasks that there are no more
 * are shared out among the subtasks.
 *
 * @internal
 */
export async function lingeringIds(
  cluster: KafkaCluster,
  prefix: string,
  place: Pick<SubtaskContext, 'jobId' | 'attempt' | 'subtask' | 'parallelism'>,
): Promise<readonly string[]> {
  const open = await openTransactionsOf(cluster, prefix)
  return open
    .filter((one) => one.subtask % place.parallelism === place.subtask)
    .filter((one) => one.jobId !== place.jobId || one.attempt < place.attempt)
    .map(({ transactionalId }) => transactionalId)
}
