import type { StreamGraph } from '../graph/stream-node.ts'
import { Channel } from '../network/channel.ts'
import { ConnectedEdge } from './connected-edge.ts'
import { hostTasks } from './host-tasks.ts'
import {
  type DeployedTasks,
  type Deployment,
  type TaskEvent,
  type TaskExecutor,
  type TaskId,
  tasksOf,
} from './task-protocol.ts'
import type { TaskServices } from './task-services.ts'

/** Runs all tasks on the caller's thread, taking turns. @internal */
export class LocalTaskExecutor implements TaskExecutor {
  readonly #graph: StreamGraph
  readonly #services: TaskServices

  /** `graph`: where the functions of the plan's operators are found. */
  constructor(graph: StreamGraph, services: TaskServices) {
    this.#graph = graph
    this.#services = services
  }

  deploy(
    deployment: Deployment,
    listener: (task: TaskId, event: TaskEvent) => void,
  ): DeployedTasks {
    const { plan } = deployment
    const connect = (): { readonly input: Channel; readonly output: Channel } => {
      const channel = new Channel(this.#services.channelLimits)
      return { input: channel, output: channel }
    }
    const edges = plan.edges.map((edge) => new ConnectedEdge(plan, edge, connect))
    const send = hostTasks(
      { deployment, ids: tasksOf(plan), edges, graph: this.#graph, listener },
      this.#services,
    )
    // A task that does not close cannot be stopped from its own thread.
    return { send, end: () => Promise.resolve() }
  }
}
