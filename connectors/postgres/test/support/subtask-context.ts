import type { SubtaskContext } from '@flinkts/core/connector'
import { systemTime } from '@flinkts/core/connector'

/** The context of a subtask of the job that fixtures play, without metrics. */
export function subtaskContext(
  place: Pick<SubtaskContext, 'operatorId' | 'logger'> & Partial<SubtaskContext>,
): SubtaskContext {
  return {
    jobName: 'shop',
    jobId: 'k3x9q0a1b2',
    attempt: 1,
    subtask: 0,
    parallelism: 1,
    clock: systemTime,
    scheduler: systemTime,
    metrics: { counter: () => ({ add: () => {} }), gauge: () => {} },
    ...place,
  }
}
