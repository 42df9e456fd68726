import { defined } from '../common/assert.ts'
import type { PlanEdge } from '../graph/execution-plan.ts'
import type { StreamInput, StreamNode } from '../graph/stream-node.ts'
import type { Channel } from '../network/channel.ts'
import type { FlowControl } from '../network/flow-control.ts'
import { RecordWriter } from '../network/record-writer.ts'
import { channelSelector } from './channel-selector.ts'
import { type ChainOutputs, WriterOutputs } from './operator-chain.ts'
import type { TaskId } from './task-protocol.ts'
import type { ConnectedEdge } from './task-services.ts'

/** What a task reads and writes. @internal */
export interface TaskConnections {
  /** The channels that it reads; none in a task that reads its source. */
  readonly inputs: readonly InputChannel[]
  /** Where its chain emits to; outputs that are full halt `flow`. */
  outputs(flow: FlowControl): ChainOutputs
}

/** A channel, and the input of the operator that it belongs to. @internal */
export interface InputChannel {
  readonly port: number
  readonly channel: Channel
}

/** Where the channels of a task are found. @internal */
export interface ChannelConnectionsParts {
  readonly id: TaskId
  /** All edges of the plan. */
  readonly edges: readonly ConnectedEdge[]
  /** The definition of every operator, by id. */
  readonly nodes: ReadonlyMap<string, StreamNode>
  readonly maxParallelism: number
}

/** The connections of a task to the tasks before and behind it. @internal */
export class ChannelConnections implements TaskConnections {
  readonly inputs: readonly InputChannel[]
  readonly #parts: ChannelConnectionsParts

  constructor(parts: ChannelConnectionsParts) {
    this.#parts = parts
    this.inputs = this.#inputChannels()
  }

  outputs(flow: FlowControl): ChainOutputs {
    const { edges, id, maxParallelism } = this.#parts
    const writers = edges.flatMap(({ edge, channels }) => {
      if (edge.from.vertexId !== id.vertexId) return []
      const own = defined(channels[id.subtask], 'every sending subtask has channels')
      for (const channel of own) channel.onFull = flow.channelFull
      const selector = channelSelector(edge, {
        input: this.#inputOf(edge),
        subtask: id.subtask,
        channelCount: own.length,
        maxParallelism,
      })
      const writer = new RecordWriter(own, selector)
      return [{ operatorId: edge.from.operatorId, tag: edge.from.tag, writer }]
    })
    return new WriterOutputs(writers)
  }

  /** Of each edge into the vertex, the channels that lead to the subtask. */
  #inputChannels(): readonly InputChannel[] {
    const { edges, id } = this.#parts
    return edges
      .filter(({ edge }) => edge.to.vertexId === id.vertexId)
      .flatMap(({ edge, channels }) => {
        const port = this.#inputOf(edge).port ?? 0
        if (edge.partitioning !== 'forward') {
          return channels.map((own) => ({
            port,
            channel: defined(own[id.subtask], 'a channel to every subtask'),
          }))
        }
        const own = channels[id.subtask]
        return [{ port, channel: defined(own?.[0], 'a forward edge has one channel a subtask') }]
      })
  }

  #inputOf(edge: PlanEdge): StreamInput {
    return inputOfEdge(this.#parts.nodes, edge)
  }
}

/** The input of the job that an edge of its plan is. @internal */
export function inputOfEdge(nodes: ReadonlyMap<string, StreamNode>, edge: PlanEdge): StreamInput {
  const input = nodes.get(edge.to.vertexId)?.inputs[edge.inputIndex]
  return defined(input, 'an edge of the plan is an input of the job')
}
