import type { CheckpointBarrier } from '../network/stream-element.ts'

/**
 * Waits for the barrier of a checkpoint on every input channel. A channel that has delivered it is
 * blocked until the others have too.
 *
 *     idle ──first barrier──► aligning ──last barrier──► idle (complete)
 *                               └──barrier of a later checkpoint──► aligning (this one given up)
 *
 * Barriers of a checkpoint that was completed or given up are obsolete: they block nothing. (After
 * Flink's SingleCheckpointBarrierHandler; a channel never ends here, since tasks outlive their
 * input.)
 *
 * @internal
 */
export class BarrierAligner {
  readonly #channelCount: number
  readonly #aligned = new Set<number>()
  #checkpointId = 0
  #aligning = false

  constructor(channelCount: number) {
    this.#channelCount = channelCount
  }

  /** The checkpoint being aligned, or else the last that was; 0 before the first. */
  get checkpointId(): number {
    return this.#checkpointId
  }

  /** Whether records of the channel must wait. */
  blocks(channel: number): boolean {
    return this.#aligning && this.#aligned.has(channel)
  }

  /** Takes a barrier. Returns whether it was the last: the checkpoint is to be taken now. */
  receive(channel: number, barrier: CheckpointBarrier): boolean {
    if (barrier.checkpointId < this.#checkpointId) return false
    if (barrier.checkpointId === this.#checkpointId && !this.#aligning) return false
    if (barrier.checkpointId > this.#checkpointId) this.#begin(barrier.checkpointId)
    this.#aligned.add(channel)
    if (this.#aligned.size < this.#channelCount) return false
    this.#aligning = false
    this.#aligned.clear()
    return true
  }

  #begin(checkpointId: number): void {
    this.#checkpointId = checkpointId
    this.#aligning = true
    this.#aligned.clear()
  }
}
