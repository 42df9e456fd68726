import { defined, unreachable } from '../common/assert.ts'
import {
  type ErrorCode,
  type ErrorPayload,
  FlinktsError,
  messageOf,
  toErrorPayload,
} from '../common/errors.ts'
import {
  type DeployedTasks,
  type Deployment,
  type TaskCommand,
  type TaskEvent,
  type TaskExecutor,
  type TaskId,
  taskName,
} from '../task/task-protocol.ts'
import type { TaskServices } from '../task/task-services.ts'
import { createRings, defaultRingBytes } from './ring-plan.ts'
import { logEvent } from './thread-logger.ts'
import { ReportedMetrics } from './thread-metrics.ts'
import type {
  StartThread,
  TaskThread,
  ThreadEnd,
  ThreadEvent,
  ThreadInit,
  ThreadListener,
} from './thread-protocol.ts'
import { tasksByThread, threadOf, usedThreads } from './thread-tasks.ts'

/** Which threads run a job. @internal */
export interface ThreadSettings {
  /** Threads at most; >= 1. More than the largest parallelism have nothing to do. */
  readonly count: number
  /** The URL of the module whose default export is the job. */
  readonly module: string
  /** As given for the run; `undefined`: that of the job. */
  readonly parallelism: number | undefined
  readonly start: StartThread
  /** For the heap of each thread, in MiB; `undefined`: its share of the memory. */
  readonly heapMibMax: number | undefined
  /** Of each channel between threads; a power of two. Default 256 KiB. */
  readonly ringBytes?: number
}

/**
 * Runs subtask i of every vertex in thread i modulo their number. Every attempt has threads of its
 * own. Runs on the coordinator's thread.
 *
 * @internal
 */
export class ThreadedTaskExecutor implements TaskExecutor {
  readonly #settings: ThreadSettings
  readonly #services: TaskServices

  constructor(settings: ThreadSettings, services: TaskServices) {
    this.#settings = settings
    this.#services = services
  }

  deploy(
    deployment: Deployment,
    listener: (task: TaskId, event: TaskEvent) => void,
  ): DeployedTasks {
    const { plan } = deployment
    const threadCount = usedThreads(plan, this.#settings.count)
    const tasks = tasksByThread(plan, threadCount)
    const { logger, metrics, scheduler } = this.#services
    const reported = new ReportedMetrics(metrics)
    const threads = this.#inits(deployment, threadCount).map((init) => {
      return new DeployedThread(tasks[init.thread] ?? [], {
        start: (own) => this.#settings.start(init, own),
        name: `thread ${init.thread}`,
        tell: listener,
        scheduler,
        logger,
        metrics: reported,
      })
    })
    return {
      send: (task, command) =>
        defined(threads[threadOf(task.subtask, threadCount)], 'a task has a thread').send(
          task,
          command,
        ),
      end: async () => {
        await Promise.all(threads.map((thread) => thread.end()))
      },
    }
  }

  #inits(deployment: Deployment, threadCount: number): readonly ThreadInit[] {
    const { module, parallelism, heapMibMax, ringBytes = defaultRingBytes } = this.#settings
    const { storage, channelLimits, taskLimits, sliceLimits } = this.#services
    const rings = createRings(deployment.plan, { threadCount, ringBytes })
    const bells = new SharedArrayBuffer(threadCount * Int32Array.BYTES_PER_ELEMENT)
    return Array.from({ length: threadCount }, (_, thread) => {
      const here = (subtask: number): boolean => threadOf(subtask, threadCount) === thread
      return {
        thread,
        threadCount,
        module,
        parallelism,
        deployment,
        rings: rings.filter(({ from, to }) => here(from) || here(to)),
        bells,
        heapMibMax,
        storageLocation: storage.location,
        channelLimits,
        taskLimits,
        sliceLimits,
      }
    })
  }
}

interface DeployedThreadParts {
  readonly start: (listener: ThreadListener) => TaskThread
  readonly name: string
  readonly tell: (task: TaskId, event: TaskEvent) => void
  readonly scheduler: TaskServices['scheduler']
  readonly logger: TaskServices['logger']
  readonly metrics: ReportedMetrics
}

/**
 * A thread and its tasks, as the coordinator sees them: when the thread dies, or cannot be started,
 * the tasks that have not closed fail.
 */
class DeployedThread {
  readonly #parts: DeployedThreadParts
  /** `undefined`: it could not be started. */
  readonly #thread: TaskThread | undefined
  /** By `taskName`. */
  readonly #open: Map<string, TaskId>

  constructor(tasks: readonly TaskId[], parts: DeployedThreadParts) {
    this.#parts = parts
    this.#open = new Map(tasks.map((task) => [taskName(task), task]))
    this.#thread = this.#start()
  }

  send(task: TaskId, command: TaskCommand): void {
    if (this.#open.has(taskName(task))) this.#thread?.post({ task, command })
  }

  /** What the thread still says is not heard any more. */
  async end(): Promise<void> {
    this.#open.clear()
    await this.#thread?.terminate()
  }

  #start(): TaskThread | undefined {
    const { start, scheduler } = this.#parts
    const ended = (end: ThreadEnd): void => this.#fail(() => this.#died(end))
    try {
      return start({ event: (event) => this.#handle(event), ended })
    } catch (cause) {
      // Like any other end of a thread: those that have started are ended with the attempt.
      scheduler.soon(() => ended({ type: 'error', cause }))
      return undefined
    }
  }

  #handle(event: ThreadEvent): void {
    switch (event.type) {
      case 'task':
        return this.#tell(event.task, event.event)
      case 'log':
        return logEvent(this.#parts.logger, event)
      case 'metrics':
        return this.#parts.metrics.apply(event.metrics)
      case 'failed':
        return this.#fail(() => event.error)
      default:
        return unreachable(event)
    }
  }

  #tell(task: TaskId, event: TaskEvent): void {
    if (!this.#open.has(taskName(task))) return
    if (event.type === 'closed') this.#open.delete(taskName(task))
    this.#parts.tell(task, event)
  }

  /** All tasks that are left fail at once, and nothing of them is left to close. */
  #fail(why: () => ErrorPayload): void {
    const tasks = [...this.#open.values()]
    if (tasks.length === 0) return
    const error = why()
    for (const task of tasks) this.#tell(task, { type: 'failed', error })
    for (const task of tasks) this.#tell(task, { type: 'closed' })
  }

  #died(end: ThreadEnd): ErrorPayload {
    const tasks = [...this.#open.keys()].map((task) => `"${task}"`).join(', ')
    const { code, what, hint } = describeEnd(end)
    const message = `${this.#parts.name} ${what}; it ran the tasks ${tasks}`
    const cause = end.type === 'exit' ? undefined : end.cause
    return toErrorPayload(new FlinktsError(code, message, { hint, cause }))
  }
}

function describeEnd(end: ThreadEnd): {
  readonly code: ErrorCode
  readonly what: string
  readonly hint: string
} {
  switch (end.type) {
    case 'error':
      return {
        code: 'FLINKTS_THREAD_FAILED',
        what: `failed: ${messageOf(end.cause)}`,
        hint: 'Look for a promise that nobody awaits, and for errors in callbacks: see the cause.',
      }
    case 'exit':
      return {
        code: 'FLINKTS_THREAD_FAILED',
        what: `ended by itself with exit code ${end.exitCode}`,
        hint: 'Look for code that ends the process: in a thread, it ends the thread.',
      }
    case 'out-of-memory':
      return {
        code: 'FLINKTS_THREAD_OUT_OF_MEMORY',
        what: `has no memory left: its heap may have ${end.heapMibMax} MiB`,
        hint:
          'Raise option "threadHeapMibMax" (--thread-heap-mib) if the machine has more, use more ' +
          'threads and as much parallelism, so that each has fewer keys, or keep less state a ' +
          'key: time to live, smaller windows, aggregate rather than process.',
      }
    default:
      return unreachable(end)
  }
}
