import type { ExecutionPlan } from '../graph/execution-plan.ts'
import { type TaskId, tasksOf } from '../task/task-protocol.ts'

/**
 * How many threads a plan makes use of when it may have `threadsMax` (>= 1): as many as the largest
 * parallelism at most.
 *
 * @internal
 */
export function usedThreads({ vertices }: ExecutionPlan, threadsMax: number): number {
  return Math.min(threadsMax, Math.max(...vertices.map(({ parallelism }) => parallelism)))
}

/** The thread of a subtask, of every vertex: forward edges stay inside a thread. @internal */
export function threadOf(subtask: number, threadCount: number): number {
  return subtask % threadCount
}

/** The tasks that each of `threadCount` threads runs. @internal */
export function tasksByThread(
  plan: ExecutionPlan,
  threadCount: number,
): readonly (readonly TaskId[])[] {
  return Array.from({ length: threadCount }, (_, thread) =>
    tasksOf(plan).filter(({ subtask }) => threadOf(subtask, threadCount) === thread),
  )
}
