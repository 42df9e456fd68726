import {
  type CheckpointNotice,
  type Counter,
  type Logger,
  messageOf,
} from '@flinkts/core/connector'
import type { GroupOffsets } from '../cluster/group-offsets.ts'
import type { OffsetToCommit } from '../cluster/transactions.ts'
import type { KafkaSplit } from '../split.ts'

/** Checkpoints that are remembered; of older ones that complete later no offsets are committed. */
const checkpointsMax = 100

/** What commits need of a source. @internal */
export interface OffsetCommitsContext {
  readonly cluster: { readonly groups: Pick<GroupOffsets, 'commit'> }
  readonly logger: Logger
}

/**
 * Commits to the group what checkpoints hold, once they are the oldest that a restore may go to. So
 * others see how far the job is; it never reads this itself but at a first start. One commit at a
 * time; what fails is told, and does no harm. Runs on the task's thread.
 *
 * @internal
 */
export class OffsetCommits {
  readonly #context: OffsetCommitsContext
  readonly #groupId: string
  readonly #failed: Counter
  readonly #byCheckpoint = new Map<number, readonly OffsetToCommit[]>()
  /** Splits that ended, at their last position. */
  readonly #ended = new Map<string, OffsetToCommit>()
  #pending: readonly OffsetToCommit[] | undefined
  #committing = false

  constructor(context: OffsetCommitsContext, groupId: string, failed: Counter) {
    this.#context = context
    this.#groupId = groupId
    this.#failed = failed
  }

  end(split: KafkaSplit): void {
    this.#ended.set(split.splitId, offsetOf(split))
  }

  snapshot(checkpointId: number, splits: readonly KafkaSplit[]): void {
    this.#byCheckpoint.set(checkpointId, [...this.#ended.values(), ...splits.map(offsetOf)])
    for (const id of this.#byCheckpoint.keys()) {
      if (this.#byCheckpoint.size <= checkpointsMax) break
      this.#byCheckpoint.delete(id)
    }
  }

  complete({ oldestRetainedId }: CheckpointNotice): void {
    const offsets = this.#byCheckpoint.get(oldestRetainedId)
    for (const id of this.#byCheckpoint.keys()) {
      if (id <= oldestRetainedId) this.#byCheckpoint.delete(id)
    }
    if (offsets === undefined || offsets.length === 0) return
    this.#pending = offsets
    if (!this.#committing) void this.#commit()
  }

  /** Never rejects. */
  async #commit(): Promise<void> {
    const { cluster, logger } = this.#context
    this.#committing = true
    while (this.#pending !== undefined) {
      const offsets = this.#pending
      this.#pending = undefined
      try {
        await cluster.groups.commit(this.#groupId, offsets, { timeoutMs: commitTimeoutMs })
      } catch (failure) {
        this.#failed.add()
        logger.warn('offsets were not committed; the job does not need them', {
          groupId: this.#groupId,
          reason: messageOf(failure),
        })
      }
    }
    this.#committing = false
  }
}

const commitTimeoutMs = 10_000

function offsetOf({ topic, partition, nextOffset, leaderEpoch }: KafkaSplit): OffsetToCommit {
  return { topic, partition, offset: nextOffset, leaderEpoch, metadata: '' }
}
