import type { ExecutionPlan } from '../graph/execution-plan.ts'
import { byteRingBuffer } from '../network/byte-ring.ts'
import { connectedSubtasks, subtasksOf } from '../task/connected-edge.ts'
import { threadOf } from './thread-tasks.ts'

/** The ring of a channel between threads. @internal */
export interface RingSpec {
  /** The edge: its index in the plan. */
  readonly edge: number
  /** The sending subtask. */
  readonly from: number
  /** The receiving subtask. */
  readonly to: number
  readonly buffer: SharedArrayBuffer
}

/** Room for some frames; the pages of a ring that is never full are never used. @internal */
export const defaultRingBytes = 262_144

/**
 * A ring for every channel whose ends are in different threads, of `ringBytes`, a power of two.
 *
 * @internal
 */
export function createRings(
  plan: ExecutionPlan,
  { threadCount, ringBytes }: { readonly threadCount: number; readonly ringBytes: number },
): readonly RingSpec[] {
  return plan.edges.flatMap((planEdge, edge) =>
    connectedSubtasks(plan, planEdge).flatMap((receivers, from) =>
      subtasksOf(receivers)
        .filter((to) => threadOf(from, threadCount) !== threadOf(to, threadCount))
        .map((to) => ({ edge, from, to, buffer: byteRingBuffer(ringBytes) })),
    ),
  )
}
