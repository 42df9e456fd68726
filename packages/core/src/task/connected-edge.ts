import { defined } from '../common/assert.ts'
import type { ExecutionPlan, PlanEdge } from '../graph/execution-plan.ts'
import type { InputChannel, OutputChannel } from '../network/channel.ts'
import { receiversOf, type SubtaskRange } from './edge-channels.ts'

/** The ends of a channel that are in this thread. @internal */
export interface ChannelEnds {
  readonly output?: OutputChannel
  readonly input?: InputChannel
}

/** An edge of the plan with its channels, as far as they are in this thread. @internal */
export class ConnectedEdge {
  readonly edge: PlanEdge
  readonly #receivers: readonly SubtaskRange[]
  /** By sending subtask, in the order of the subtasks that it sends to. */
  readonly #channels: readonly (readonly ChannelEnds[])[]

  /** `connect` makes the channel of a pair of subtasks; it is called once for each pair. */
  constructor(
    plan: ExecutionPlan,
    edge: PlanEdge,
    connect: (from: number, to: number) => ChannelEnds,
  ) {
    this.edge = edge
    this.#receivers = connectedSubtasks(plan, edge)
    this.#channels = this.#receivers.map((receivers, from) =>
      subtasksOf(receivers).map((to) => connect(from, to)),
    )
  }

  /** The channels that a subtask writes to, in the order of the receivers. */
  outputsOf(subtask: number): readonly OutputChannel[] {
    const own = defined(this.#channels[subtask], 'every sending subtask has channels')
    return own.map(({ output }) => defined(output, 'a task has its outputs in its thread'))
  }

  /** The channels that a subtask reads, in the order of the senders. */
  inputsOf(subtask: number): readonly InputChannel[] {
    const ends = this.#channels.flatMap((channels, from) => {
      const { first } = defined(this.#receivers[from], 'every sending subtask has receivers')
      return channels[subtask - first] ?? []
    })
    return ends.map(({ input }) => defined(input, 'a task has its inputs in its thread'))
  }
}

/** For every sending subtask of an edge, the subtasks that it sends to. @internal */
export function connectedSubtasks(
  plan: ExecutionPlan,
  { from, to, partitioning }: PlanEdge,
): readonly SubtaskRange[] {
  const parallelism = {
    from: parallelismOf(plan, from.vertexId),
    to: parallelismOf(plan, to.vertexId),
  }
  return Array.from({ length: parallelism.from }, (_, sender) =>
    receiversOf(partitioning, sender, parallelism),
  )
}

/** The subtasks of a range, in order. @internal */
export function subtasksOf({ first, count }: SubtaskRange): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

function parallelismOf({ vertices }: ExecutionPlan, vertexId: string): number {
  const vertex = vertices.find((candidate) => candidate.vertexId === vertexId)
  return defined(vertex, 'an edge connects vertices of the plan').parallelism
}
