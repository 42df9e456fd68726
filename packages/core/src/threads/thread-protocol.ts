import type { CausePayload, ErrorPayload } from '../common/errors.ts'
import type { LogLevel } from '../common/logger.ts'
import type { MetricScope } from '../common/metrics.ts'
import type { ChannelLimits } from '../network/channel.ts'
import type { SliceLimits } from '../state/keyed-snapshot.ts'
import type { TaskLimits } from '../task/stream-task.ts'
import type { Deployment, TaskCommand, TaskEvent, TaskId } from '../task/task-protocol.ts'
import type { RingSpec } from './ring-plan.ts'

/**
 * What a thread starts from: plain data, and shared memory.
 *
 * @internal
 */
export interface ThreadInit {
  /** 0-based. */
  readonly thread: number
  readonly threadCount: number
  /** The URL of the module whose default export is the job. */
  readonly module: string
  /** Subtasks of operators that do not say otherwise; default: that of the job. */
  readonly parallelism: number | undefined
  readonly deployment: Deployment
  /** The rings that the thread writes or reads. */
  readonly rings: readonly RingSpec[]
  /** A word for each thread, by which the others wake it. */
  readonly bells: SharedArrayBuffer
  /** What the heap of the thread may grow to, in MiB; `undefined`: its share of the memory. */
  readonly heapMibMax: number | undefined
  /** The directory of the job. */
  readonly storageLocation: string
  readonly channelLimits: ChannelLimits
  readonly taskLimits: TaskLimits
  readonly sliceLimits: SliceLimits
}

/** From the coordinator to a thread. @internal */
export interface ThreadCommand {
  readonly task: TaskId
  readonly command: TaskCommand
}

/** From a thread to the coordinator, in order. @internal */
export type ThreadEvent =
  | { readonly type: 'task'; readonly task: TaskId; readonly event: TaskEvent }
  | LogEvent
  | { readonly type: 'metrics'; readonly metrics: MetricReport }
  /** The thread could not build its tasks. */
  | { readonly type: 'failed'; readonly error: ErrorPayload }

/** A line of the log. @internal */
export interface LogEvent {
  readonly type: 'log'
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, LogValue>>
}

/** A field of a line of the log: plain data, or an error. @internal */
export type LogValue =
  | { readonly type: 'plain'; readonly value: unknown }
  | { readonly type: 'error'; readonly error: CausePayload }

/** What changed since the last report. @internal */
export interface MetricReport {
  readonly counters: readonly MetricPoint[]
  readonly gauges: readonly MetricPoint[]
}

/** Of a counter, how much it grew; of a gauge, what it shows. @internal */
export interface MetricPoint {
  readonly scope: MetricScope
  readonly name: string
  readonly value: number
}

/** A thread, as the coordinator has it. @internal */
export interface TaskThread {
  post(command: ThreadCommand): void
  /** Ends the thread wherever it is; resolves when it runs no more. Idempotent. */
  terminate(): Promise<void>
}

/** What a thread tells; never inside of the call that starts it, or posts to it. @internal */
export interface ThreadListener {
  event(event: ThreadEvent): void
  /** The thread runs no more. Once. */
  ended(end: ThreadEnd): void
}

/** Why a thread runs no more. @internal */
export type ThreadEnd =
  /** Nobody caught it. */
  | { readonly type: 'error'; readonly cause: unknown }
  /** Its heap had no room within `heapMibMax` MiB. */
  | { readonly type: 'out-of-memory'; readonly heapMibMax: number; readonly cause: unknown }
  | { readonly type: 'exit'; readonly exitCode: number }

/** Starts a thread. @internal */
export type StartThread = (init: ThreadInit, listener: ThreadListener) => TaskThread
