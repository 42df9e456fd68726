import { type ErrorPayload, FlinktsError, fromErrorPayload } from '../common/errors.ts'
import type { OperatorSubtaskState } from '../state/operator-state.ts'
import type { TaskCheckpointStats } from '../task/task-protocol.ts'

/** How a checkpoint ended for its tasks. @internal */
export type PendingResult =
  | {
      readonly status: 'acknowledged'
      readonly states: readonly OperatorSubtaskState[]
      /** The longest of all tasks, part by part. */
      readonly stats: TaskCheckpointStats
    }
  | { readonly status: 'failed'; readonly error: FlinktsError }
  /** The attempt ended first. */
  | { readonly status: 'cancelled' }

/**
 * A checkpoint that waits for its tasks.
 *
 *     collecting ──last acknowledgement──► acknowledged
 *          ├──decline, expiry──► failed
 *          └──the attempt ends──► cancelled
 *
 * A task counts once, however often it acknowledges; what comes after the end is ignored.
 *
 * @internal
 */
export class PendingCheckpoint {
  readonly checkpointId: number
  /** Resolves when the checkpoint leaves `collecting`. Never rejects. */
  readonly result: Promise<PendingResult>
  readonly #awaited: Set<string>
  readonly #states: OperatorSubtaskState[] = []
  #stats: TaskCheckpointStats = { alignmentMs: 0, syncMs: 0, asyncMs: 0, stallMs: 0 }
  #settle: (result: PendingResult) => void = () => {}

  /** `tasks`: the names of the tasks that must acknowledge; at least one. */
  constructor(checkpointId: number, tasks: Iterable<string>) {
    this.checkpointId = checkpointId
    this.#awaited = new Set(tasks)
    this.result = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  acknowledge(
    task: string,
    states: readonly OperatorSubtaskState[],
    stats: TaskCheckpointStats,
  ): void {
    if (!this.#awaited.delete(task)) return
    this.#states.push(...states)
    this.#stats = {
      alignmentMs: Math.max(this.#stats.alignmentMs, stats.alignmentMs),
      syncMs: Math.max(this.#stats.syncMs, stats.syncMs),
      asyncMs: Math.max(this.#stats.asyncMs, stats.asyncMs),
      stallMs: Math.max(this.#stats.stallMs, stats.stallMs),
    }
    if (this.#awaited.size > 0) return
    this.#settle({ status: 'acknowledged', states: this.#states, stats: this.#stats })
  }

  decline(task: string, payload: ErrorPayload): void {
    const cause = fromErrorPayload(payload)
    const error = new FlinktsError(
      // What no restart can help must not look as if one could.
      cause.retryable ? 'FLINKTS_CHECKPOINT_DECLINED' : cause.code,
      `checkpoint ${this.checkpointId} failed in task "${task}": ${cause.message}`,
      { hint: cause.hint, cause },
    )
    this.#settle({ status: 'failed', error })
  }

  expire(timeoutMs: number): void {
    const missing = [...this.#awaited].join(', ')
    const error = new FlinktsError(
      'FLINKTS_CHECKPOINT_EXPIRED',
      `checkpoint ${this.checkpointId} was not acknowledged within ${timeoutMs} ms by ${missing}`,
      {
        hint:
          'A slow sink or a very long record holds the barrier up. See the backpressured time ' +
          'of the tasks, or raise checkpointTimeoutMs.',
      },
    )
    this.#settle({ status: 'failed', error })
  }

  cancel(): void {
    this.#settle({ status: 'cancelled' })
  }
}
