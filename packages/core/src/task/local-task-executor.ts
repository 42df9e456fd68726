import { defined } from '../common/assert.ts'
import type { Scheduler } from '../common/scheduler.ts'
import type { PlanEdge, PlanVertex } from '../graph/execution-plan.ts'
import type { StreamGraph, StreamNode } from '../graph/stream-node.ts'
import { Channel } from '../network/channel.ts'
import { buildTask } from './build-task.ts'
import type { StreamTask } from './stream-task.ts'
import { ChannelConnections } from './task-connections.ts'
import type { ConnectedEdge, TaskServices } from './task-services.ts'
import {
  type DeployedTasks,
  type Deployment,
  type TaskEvent,
  type TaskExecutor,
  type TaskId,
  taskName,
  tasksOf,
} from './task-protocol.ts'

/** Runs all tasks on the caller's thread, taking turns. @internal */
export class LocalTaskExecutor implements TaskExecutor {
  readonly #nodes: ReadonlyMap<string, StreamNode>
  readonly #services: TaskServices

  /** `graph`: where the functions of the plan's operators are found. */
  constructor(graph: StreamGraph, services: TaskServices) {
    this.#nodes = new Map(graph.nodes.map((node) => [node.operatorId, node]))
    this.#services = services
  }

  deploy(
    deployment: Deployment,
    listener: (task: TaskId, event: TaskEvent) => void,
  ): DeployedTasks {
    const edges = deployment.plan.edges.map((edge) => this.#connect(deployment, edge))
    const tasks = new Map<string, StreamTask>()
    const events = new EventQueue(this.#services.scheduler)
    for (const id of tasksOf(deployment.plan)) {
      const send = (event: TaskEvent): void => events.push(() => listener(id, event))
      const nodes = this.#nodes
      const { maxParallelism } = deployment.plan
      const task = buildTask(
        { id, deployment, vertex: vertexOf(deployment, id), nodes, send },
        this.#services,
        new ChannelConnections({ id, edges, nodes, maxParallelism }),
      )
      tasks.set(taskName(id), task)
    }
    for (const task of tasks.values()) task.start()
    return {
      send: (id, command) => defined(tasks.get(taskName(id)), 'the task exists').command(command),
    }
  }

  #connect({ plan }: Deployment, edge: PlanEdge): ConnectedEdge {
    const from = parallelismOf(plan.vertices, edge.from.vertexId)
    const to = parallelismOf(plan.vertices, edge.to.vertexId)
    const channels = Array.from({ length: from }, () =>
      Array.from({ length: edge.partitioning === 'forward' ? 1 : to }, () => {
        return new Channel(this.#services.channelLimits)
      }),
    )
    return { edge, channels }
  }
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

function parallelismOf(vertices: readonly PlanVertex[], vertexId: string): number {
  const vertex = vertices.find((candidate) => candidate.vertexId === vertexId)
  return defined(vertex, 'an edge connects vertices of the plan').parallelism
}
