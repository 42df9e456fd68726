import { defined, unreachable } from '../common/assert.ts'
import { type ErrorPayload, FlinktsError, messageOf, toErrorPayload } from '../common/errors.ts'
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
    const { logger, metrics } = this.#services
    const reported = new ReportedMetrics(metrics)
    const threads = this.#inits(deployment, threadCount).map((init) => {
      return new DeployedThread(tasks[init.thread] ?? [], {
        start: (own) => this.#settings.start(init, own),
        name: `thread ${init.thread}`,
        tell: listener,
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
    const { module, parallelism, ringBytes = defaultRingBytes } = this.#settings
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
  readonly logger: TaskServices['logger']
  readonly metrics: ReportedMetrics
}

/**
 * A thread and its tasks, as the coordinator sees them: when the thread dies, the tasks that have
 * not closed fail.
 */
class DeployedThread {
  readonly #parts: DeployedThreadParts
  readonly #thread: TaskThread
  /** By `taskName`. */
  readonly #open: Map<string, TaskId>

  constructor(tasks: readonly TaskId[], parts: DeployedThreadParts) {
    this.#parts = parts
    this.#open = new Map(tasks.map((task) => [taskName(task), task]))
    this.#thread = parts.start({
      event: (event) => this.#handle(event),
      ended: (end) => this.#fail(() => this.#died(end)),
    })
  }

  send(task: TaskId, command: TaskCommand): void {
    if (this.#open.has(taskName(task))) this.#thread.post({ task, command })
  }

  /** What the thread still says is not heard any more. */
  async end(): Promise<void> {
    this.#open.clear()
    await this.#thread.terminate()
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

  #died(end: Parameters<ThreadListener['ended']>[0]): ErrorPayload {
    const { name } = this.#parts
    const tasks = [...this.#open.keys()].map((task) => `"${task}"`).join(', ')
    const what =
      'cause' in end
        ? `failed: ${messageOf(end.cause)}`
        : `ended by itself with exit code ${end.exitCode}`
    const error = new FlinktsError(
      'FLINKTS_THREAD_FAILED',
      `${name} ${what}; it ran the tasks ${tasks}`,
      {
        hint:
          'Look for code that ends the process, a promise that nobody awaits, or more memory ' +
          'than a thread has (node --max-old-space-size).',
        ...('cause' in end ? { cause: end.cause } : {}),
      },
    )
    return toErrorPayload(error)
  }
}
