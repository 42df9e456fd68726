/** Who writes under a transactional id. @internal */
export interface TransactionalIdPlace {
  /** Index of the subtask. */
  readonly subtask: number
  /** From 0. */
  readonly slot: number
}

/** The transactional id of a slot of a writer: `<prefix>-<subtask>-<slot>`. @internal */
export function transactionalIdOf(prefix: string, { subtask, slot }: TransactionalIdPlace): string {
  return `${prefix}-${subtask}-${slot}`
}

const afterPrefix = /^-(0|[1-9]\d{0,8})-(0|[1-9]\d{0,8})$/

/**
 * Whose id it is; undefined if another prefix made it. The prefix `job` made neither `job-a-0-0`
 * nor `job1-0-0`.
 *
 * @internal
 */
export function parseTransactionalId(
  prefix: string,
  transactionalId: string,
): TransactionalIdPlace | undefined {
  if (!transactionalId.startsWith(prefix)) return undefined
  const match = afterPrefix.exec(transactionalId.slice(prefix.length))
  return match === null ? undefined : { subtask: Number(match[1]), slot: Number(match[2]) }
}

/** Whether ids of this prefix look like those of a shorter one. @internal */
export function isAmbiguousPrefix(prefix: string): boolean {
  return /-\d+$/.test(prefix)
}
