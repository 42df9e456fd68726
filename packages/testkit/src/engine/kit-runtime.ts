import { randomBytes } from 'node:crypto'
import { silentLogger } from '@flinkts/core/connector'
import type {
  Clock,
  ConnectorContext,
  Logger,
  Scheduler,
  SubtaskContext,
} from '@flinkts/core/connector'

/** Which part of a job a context is for. @internal */
export interface ContextParts {
  readonly jobId: string
  readonly attempt: number
  /** Default: `out`. */
  readonly operatorId?: string
  /** Default: lines are dropped. */
  readonly logger?: Logger
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

/**
 * One that no other job has: names of what is prepared may be those of the whole system, and runs
 * of checks go on side by side.
 *
 * @internal
 */
export function drawJobId(): string {
  return `kit${randomBytes(4).toString('hex')}`
}

/** What a committer or an enumerator gets. @internal */
export function connectorContext({
  operatorId = 'out',
  logger = silentLogger,
  ...parts
}: ContextParts): ConnectorContext {
  return {
    jobName: 'conformance',
    ...parts,
    operatorId,
    clock,
    scheduler,
    logger,
  }
}

/** What the writer or reader of a subtask gets. @internal */
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
