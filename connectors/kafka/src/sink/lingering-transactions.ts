import type { SubtaskContext } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { TransactionListing, TransactionState } from '../protocol/list-transactions.ts'
import { parseTransactionalId, type TransactionalIdPlace } from './transactional-id.ts'

/** A transactional id of a prefix that the brokers know. @internal */
export interface KnownId extends TransactionalIdPlace, TransactionListing {}

/** All that have no end yet; those of `PrepareEpochFence` are ended by the brokers. */
const openStates: readonly TransactionState[] = ['Ongoing', 'PrepareCommit', 'PrepareAbort']

/** Those of exactly this prefix, of all jobs and subtasks, open or not. @internal */
export function knownIds(cluster: KafkaCluster, prefix: string): Promise<readonly KnownId[]> {
  return listIds(cluster, prefix, [])
}

/** Those of them that are open. @internal */
export function openIds(
  cluster: KafkaCluster,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly KnownId[]> {
  return listIds(cluster, prefix, openStates, signal)
}

/** @param states - None: all. */
async function listIds(
  cluster: KafkaCluster,
  prefix: string,
  states: readonly TransactionState[],
  signal?: AbortSignal,
): Promise<readonly KnownId[]> {
  const escaped = prefix.replaceAll('.', String.raw`\.`)
  const transactionalIdPattern = `${escaped}-[0-9a-z]+-[0-9]+-[0-9]+-[0-9]+`
  const listed = await cluster.transactions.list({ states, transactionalIdPattern }, { signal })
  return listed.flatMap((one) => {
    const place = parseTransactionalId(prefix, one.transactionalId)
    return place === undefined ? [] : [{ ...one, ...place }]
  })
}

function isOpen({ state }: KnownId): boolean {
  return openStates.some((open) => open === state)
}

/** What a writer that starts finds under its prefix. @internal */
export interface Lingering {
  /** Its share of what is to be ended. */
  readonly ids: readonly string[]
  /** Its share of what other jobs have open. */
  readonly ofOthers: readonly string[]
}

/**
 * Shares out among the subtasks what earlier attempts of the job have open, and never what a later
 * attempt has, as this one may be late. With it go all ids that a subtask used last: a request that
 * is under way still could begin a transaction that nobody ends.
 *
 * @internal
 */
export function lingeringOf(
  known: readonly KnownId[],
  place: Pick<SubtaskContext, 'jobId' | 'attempt' | 'subtask' | 'parallelism'>,
): Lingering {
  const share = known.filter((one) => one.subtask % place.parallelism === place.subtask)
  const earlier = share.filter((one) => one.jobId === place.jobId && one.attempt < place.attempt)
  const lastAttempts = new Map<number, number>()
  for (const { subtask, attempt } of earlier) {
    lastAttempts.set(subtask, Math.max(attempt, lastAttempts.get(subtask) ?? 0))
  }
  return {
    ids: idsOf(earlier.filter((e) => isOpen(e) || e.attempt === lastAttempts.get(e.subtask))),
    ofOthers: idsOf(share.filter((one) => one.jobId !== place.jobId && isOpen(one))),
  }
}

function idsOf(known: readonly KnownId[]): readonly string[] {
  return known.map(({ transactionalId }) => transactionalId)
}
