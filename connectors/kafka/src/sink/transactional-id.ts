/** Who writes under a transactional id. @internal */
export interface TransactionalIdPlace {
  readonly jobId: string
  readonly attempt: number
  /** Index of the subtask. */
  readonly subtask: number
  /** From 0. */
  readonly slot: number
}

/**
 * The transactional id of a slot of a writer: `<prefix>-<job id>-<attempt>-<subtask>-<slot>`. No
 * two attempts share one: who takes the next epoch of an id ends what is open under it, whatever
 * epoch it names as its own.
 *
 * @internal
 */
export function transactionalIdOf(prefix: string, place: TransactionalIdPlace): string {
  return `${prefix}-${place.jobId}-${place.attempt}-${place.subtask}-${place.slot}`
}

const afterPrefix = /^-([\da-z]+)-(0|[1-9]\d{0,8})-(0|[1-9]\d{0,8})-(0|[1-9]\d{0,8})$/

/**
 * Whose id it is; undefined if another prefix made it. The prefix `job` made neither
 * `job-a-x1-1-0-0` nor `job1-x1-1-0-0`.
 *
 * @internal
 */
export function parseTransactionalId(
  prefix: string,
  transactionalId: string,
): TransactionalIdPlace | undefined {
  if (!transactionalId.startsWith(prefix)) return undefined
  const match = afterPrefix.exec(transactionalId.slice(prefix.length))
  if (match === null) return undefined
  const [, jobId = '', attempt, subtask, slot] = match
  return { jobId, attempt: Number(attempt), subtask: Number(subtask), slot: Number(slot) }
}
