import { silentLogger } from '@flinkts/core/connector'
import type { Clock, ConnectorContext, Scheduler, SubtaskContext } from '@flinkts/core/connector'

/** Which part of a job a context is for. @internal */
export interface ContextParts {
  readonly jobId: string
  readonly attempt: number
}

/** The clocks of the machine. */
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** The timers of the machine. @internal */
export const scheduler: Scheduler = {
  soon: (callback) => {
    setImmediate(callback)
  },
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** What a committer gets. @internal */
export function connectorContext({ jobId, attempt }: ContextParts): ConnectorContext {
  return {
    jobName: 'conformance',
    jobId,
    operatorId: 'out',
    attempt,
    clock,
    scheduler,
    logger: silentLogger,
  }
}

/** What the writer of a subtask gets. @internal */
export function subtaskContext(
  parts: ContextParts,
  at: { readonly subtask: number; readonly parallelism: number },
): SubtaskContext {
  return {
    ...connectorContext(parts),
    ...at,
    metrics: { counter: () => ({ add: () => {} }), gauge: () => {} },
  }
}
