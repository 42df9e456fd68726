import type { Clock } from '../common/clock.ts'
import { toErrorPayload } from '../common/errors.ts'
import type { Scheduler } from '../common/scheduler.ts'
import type { Storage } from '../common/storage.ts'
import type { PlanEdge } from '../graph/execution-plan.ts'
import type { StreamGraph } from '../graph/stream-node.ts'
import { ByteRing } from '../network/byte-ring.ts'
import { Channel } from '../network/channel.ts'
import type { RingEnd } from '../network/ring-frame.ts'
import { RingInput } from '../network/ring-input.ts'
import { RingOutput } from '../network/ring-output.ts'
import { type ChannelEnds, ConnectedEdge } from '../task/connected-edge.ts'
import { hostTasks } from '../task/host-tasks.ts'
import type { TaskEvent, TaskId } from '../task/task-protocol.ts'
import { loadGraph } from './thread-job.ts'
import { ThreadLogger } from './thread-logger.ts'
import { ThreadMetrics } from './thread-metrics.ts'
import type { ThreadCommand, ThreadEvent, ThreadInit } from './thread-protocol.ts'
import { tasksByThread, threadOf } from './thread-tasks.ts'

/** Wakes threads. @internal */
export interface ThreadBells {
  /** Wakes another thread. */
  ring(thread: number): void
  /** Calls `onRing` whenever this thread was woken; it may come without need. Called once. */
  listen(onRing: () => void): void
}

/** What a thread runs on. @internal */
export interface ThreadRuntime {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly storage: Storage
  readonly bells: ThreadBells
  /** Imports a module. */
  readonly load: (module: string) => Promise<unknown>
  readonly post: (event: ThreadEvent) => void
}

/** Between two reports of the metrics, in milliseconds. */
const metricsIntervalMs = 250

/**
 * Builds and starts the tasks of a thread, and connects them with those of the others. Runs on the
 * thread. @returns what takes its commands; `undefined` if it failed, which it has told.
 *
 * @internal
 */
export async function hostThread(
  init: ThreadInit,
  runtime: ThreadRuntime,
): Promise<((command: ThreadCommand) => void) | undefined> {
  try {
    const graph = await loadGraph(init, runtime.load)
    return new ThreadHost(init, runtime).start(graph)
  } catch (cause) {
    runtime.post({ type: 'failed', error: toErrorPayload(cause) })
    return undefined
  }
}

class ThreadHost {
  readonly #init: ThreadInit
  readonly #runtime: ThreadRuntime
  readonly #metrics = new ThreadMetrics()
  readonly #rings: ReadonlyMap<string, SharedArrayBuffer>
  readonly #ringEnds: RingEnd[] = []

  constructor(init: ThreadInit, runtime: ThreadRuntime) {
    this.#init = init
    this.#runtime = runtime
    this.#rings = new Map(
      init.rings.map(({ edge, from, to, buffer }) => [ringName(edge, from, to), buffer]),
    )
  }

  start(graph: StreamGraph): (command: ThreadCommand) => void {
    const { deployment, thread, threadCount, channelLimits, taskLimits, sliceLimits } = this.#init
    const { clock, scheduler, storage, bells, post } = this.#runtime
    const { plan } = deployment
    const send = hostTasks(
      {
        deployment,
        ids: tasksByThread(plan, threadCount)[thread] ?? [],
        edges: plan.edges.map((edge, index) => this.#connect(edge, index)),
        graph,
        listener: (task, event) => this.#tell(task, event),
      },
      {
        clock,
        scheduler,
        storage,
        logger: new ThreadLogger(post),
        metrics: this.#metrics,
        channelLimits,
        taskLimits,
        sliceLimits,
      },
    )
    bells.listen(() => {
      for (const end of this.#ringEnds) end.poll()
    })
    this.#reportMetrics()
    return ({ task, command }) => send(task, command)
  }

  /** Whoever hears that a task has closed has heard all that it counted. */
  #tell(task: TaskId, event: TaskEvent): void {
    const { post } = this.#runtime
    if (event.type === 'closed') post({ type: 'metrics', metrics: this.#metrics.report() })
    post({ type: 'task', task, event })
  }

  #reportMetrics(): void {
    const { post, scheduler } = this.#runtime
    post({ type: 'metrics', metrics: this.#metrics.report() })
    scheduler.after(metricsIntervalMs, () => this.#reportMetrics())
  }

  #threadOf(subtask: number): number {
    return threadOf(subtask, this.#init.threadCount)
  }

  #connect(edge: PlanEdge, index: number): ConnectedEdge {
    const edgeName = `the edge from "${edge.from.operatorId}" to "${edge.to.vertexId}"`
    return new ConnectedEdge(this.#init.deployment.plan, edge, (from, to) => {
      const buffer = this.#rings.get(ringName(index, from, to))
      if (buffer !== undefined) return this.#ringEnd(new ByteRing(buffer), { from, to, edgeName })
      if (this.#threadOf(from) !== this.#init.thread) return {}
      const channel = new Channel(this.#init.channelLimits)
      return { input: channel, output: channel }
    })
  }

  #ringEnd(
    ring: ByteRing,
    pair: { readonly from: number; readonly to: number; readonly edgeName: string },
  ): ChannelEnds {
    const { bells, scheduler } = this.#runtime
    const writer = this.#threadOf(pair.from)
    const reader = this.#threadOf(pair.to)
    if (writer === this.#init.thread) {
      const wakeReader = (): void => bells.ring(reader)
      const output = new RingOutput({ ring, wakeReader, scheduler, edgeName: pair.edgeName })
      this.#ringEnds.push(output)
      return { output }
    }
    const input = new RingInput({ ring, wakeWriter: () => bells.ring(writer) })
    this.#ringEnds.push(input)
    return { input }
  }
}

function ringName(edge: number, from: number, to: number): string {
  return `${edge}/${from}/${to}`
}
