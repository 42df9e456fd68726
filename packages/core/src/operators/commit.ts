import { FlinktsError } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import { delay, type Scheduler } from '../common/scheduler.ts'
import type { Committer } from '../connector/committer.ts'

/** How often and how patiently a commit is tried. @internal */
export interface CommitPolicy {
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly operatorId: string
  /** Aborted when the attempt ends: no further try is made. */
  readonly signal: AbortSignal
}

const triesMax = 10
const firstDelayMs = 100
const delayMsMax = 5000

/**
 * Commits in order, each until it is committed. A `retry` is tried again with growing pauses.
 *
 * @throws FlinktsError FLINKTS_COMMIT_RETRIES_EXHAUSTED, and whatever the committer throws.
 * @internal
 */
export async function commitAll<Committable>(
  committer: Committer<Committable>,
  committables: readonly Committable[],
  policy: CommitPolicy,
): Promise<void> {
  for (const committable of committables) {
    policy.signal.throwIfAborted()
    await commitOne(committer, committable, policy)
  }
}

async function commitOne<Committable>(
  committer: Committer<Committable>,
  committable: Committable,
  policy: CommitPolicy,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await committer.commit(committable)
    if (outcome.status !== 'retry') return
    if (tries === triesMax) {
      throw new FlinktsError(
        'FLINKTS_COMMIT_RETRIES_EXHAUSTED',
        `operator "${policy.operatorId}" could not commit after ${triesMax} tries`,
        {
          cause: outcome.cause,
          hint:
            'The checkpoint keeps what is to be committed: a restart tries again. ' +
            'See the cause.',
        },
      )
    }
    const delayMs = Math.min(delayMsMax, firstDelayMs * 2 ** (tries - 1))
    policy.logger.warn('a commit will be tried again', { tries, delayMs, cause: outcome.cause })
    await delay(policy.scheduler, delayMs, policy.signal)
    policy.signal.throwIfAborted()
  }
}
