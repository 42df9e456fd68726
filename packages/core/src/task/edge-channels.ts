import type { PlanPartitioning } from '../graph/execution-plan.ts'

/** Consecutive subtasks. @internal */
export interface SubtaskRange {
  readonly first: number
  readonly count: number
}

/** The number of subtasks on both sides of an edge; each >= 1. @internal */
export interface EdgeParallelism {
  readonly from: number
  readonly to: number
}

/**
 * The subtasks that a sending subtask has channels to, in the order of the channels. Rescale pairs
 * as Flink does (EdgeManagerBuildUtil.connectPointwise): every receiver has a sender.
 *
 * @internal
 */
export function receiversOf(
  partitioning: PlanPartitioning,
  sender: number,
  { from, to }: EdgeParallelism,
): SubtaskRange {
  if (partitioning === 'forward') return { first: sender, count: 1 }
  if (partitioning !== 'rescale') return { first: 0, count: to }
  if (from > to) return { first: firstReceiver(sender, from, to), count: 1 }
  const first = Math.ceil((sender * to) / from)
  return { first, count: Math.ceil(((sender + 1) * to) / from) - first }
}

/** Receiver `r` has the senders from floor(r * from / to) to that of `r + 1` (exclusive). */
function firstReceiver(sender: number, from: number, to: number): number {
  return Math.ceil(((sender + 1) * to) / from) - 1
}
