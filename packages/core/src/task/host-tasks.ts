import { defined } from '../common/assert.ts'
import type { Scheduler } from '../common/scheduler.ts'
import type { PlanVertex } from '../graph/execution-plan.ts'
import type { StreamGraph } from '../graph/stream-node.ts'
import { buildTask } from './build-task.ts'
import type { ConnectedEdge } from './connected-edge.ts'
import type { StreamTask } from './stream-task.ts'
import {
  type Deployment,
  type TaskCommand,
  type TaskEvent,
  type TaskId,
  taskName,
} from './task-protocol.ts'
import { ChannelConnections } from './task-connections.ts'
import type { TaskServices } from './task-services.ts'

/** Tasks of an attempt that one thread runs. @internal */
export interface HostedTasks {
  readonly deployment: Deployment
  readonly ids: readonly TaskId[]
  /** All edges of the plan. */
  readonly edges: readonly ConnectedEdge[]
  /** Where the functions of the plan's operators are found. */
  readonly graph: StreamGraph
  /** Called in the order of the events, never inside of a call to `hostTasks` or `send`. */
  readonly listener: (task: TaskId, event: TaskEvent) => void
}

/** Builds and starts tasks on the caller's thread, where they take turns. @internal */
export function hostTasks(
  { deployment, ids, edges, graph, listener }: HostedTasks,
  services: TaskServices,
): (task: TaskId, command: TaskCommand) => void {
  const nodes = new Map(graph.nodes.map((node) => [node.operatorId, node]))
  const tasks = new Map<string, StreamTask>()
  const events = new EventQueue(services.scheduler)
  const { maxParallelism } = deployment.plan
  for (const id of ids) {
    const send = (event: TaskEvent): void => events.push(() => listener(id, event))
    const vertex = vertexOf(deployment, id)
    const connections = new ChannelConnections({ id, edges, nodes, maxParallelism })
    const blueprint = { id, deployment, vertex, nodes, send }
    tasks.set(taskName(id), buildTask(blueprint, services, connections))
  }
  for (const task of tasks.values()) task.start()
  return (id, command) => defined(tasks.get(taskName(id)), 'the task exists').command(command)
}

/** Delivers events in order, outside of the call that sent them. */
class EventQueue {
  readonly #scheduler: Scheduler
  #deliveries: (() => void)[] = []

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  push(deliver: () => void): void {
    this.#deliveries.push(deliver)
    if (this.#deliveries.length === 1) this.#scheduler.soon(() => this.#drain())
  }

  #drain(): void {
    const deliveries = this.#deliveries
    this.#deliveries = []
    for (const deliver of deliveries) deliver()
  }
}

function vertexOf(deployment: Deployment, id: TaskId): PlanVertex {
  const vertex = deployment.plan.vertices.find(({ vertexId }) => vertexId === id.vertexId)
  return defined(vertex, 'the vertex of a task is in the plan')
}
