import { FlinktsError } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { TransactionState } from '../protocol/list-transactions.ts'
import { parseTransactionalId, transactionalIdOf } from './transactional-id.ts'

const openStates: readonly TransactionState[] = ['Ongoing', 'PrepareCommit', 'PrepareAbort']

/** A transaction of a prefix that has no end yet. @internal */
export interface OpenTransaction {
  readonly transactionalId: string
  readonly subtask: number
  readonly slot: number
}

/** Those of exactly this prefix, of all subtasks. @internal */
export async function openTransactionsOf(
  cluster: KafkaCluster,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly OpenTransaction[]> {
  const transactionalIdPattern = `${prefix.replaceAll('.', String.raw`\.`)}-[0-9]+-[0-9]+`
  const filter = { states: openStates, transactionalIdPattern }
  const listed = await cluster.transactions.list(filter, { signal })
  return listed.flatMap(({ transactionalId }) => {
    const place = parseTransactionalId(prefix, transactionalId)
    return place === undefined ? [] : [{ transactionalId, ...place }]
  })
}

/** Whose transactions a writer ends when it starts. @internal */
export interface LingeringShare {
  readonly prefix: string
  readonly subtask: number
  readonly parallelism: number
}

const unlistable: ReadonlySet<string> = new Set([
  'FLINKTS_KAFKA_PERMISSION_DENIED',
  'FLINKTS_KAFKA_BROKER_UNSUPPORTED',
])
/** Slots that are probed where transactions cannot be listed: more are rarely used. */
const probedSlots = 8

/**
 * The ids under which an earlier attempt may have left something open. Those of subtasks that there
 * are no more are shared out among the subtasks.
 *
 * @param onUnlistable - Told why the cluster does not list transactions: some are guessed then.
 * @internal
 */
export async function lingeringIds(
  cluster: KafkaCluster,
  { prefix, subtask, parallelism }: LingeringShare,
  onUnlistable: (cause: FlinktsError) => void,
): Promise<readonly string[]> {
  try {
    const open = await openTransactionsOf(cluster, prefix)
    return open
      .filter((one) => one.subtask % parallelism === subtask)
      .map(({ transactionalId }) => transactionalId)
  } catch (error) {
    if (!(error instanceof FlinktsError && unlistable.has(error.code))) throw error
    onUnlistable(error)
    return Array.from({ length: probedSlots }, (_, slot) =>
      transactionalIdOf(prefix, { subtask, slot }),
    )
  }
}
