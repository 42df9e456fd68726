import { defined } from '../common/assert.ts'
import type { PlanEdge } from '../graph/execution-plan.ts'
import type { StreamInput, StreamNode } from '../graph/stream-node.ts'
import type { InputChannel, OutputChannel } from '../network/channel.ts'
import { CombiningWriter } from '../network/combining-writer.ts'
import type { FlowControl } from '../network/flow-control.ts'
import { type EdgeOutput, RecordWriter } from '../network/record-writer.ts'
import { channelSelector } from './channel-selector.ts'
import type { ConnectedEdge } from './connected-edge.ts'
import { type ChainOutputs, WriterOutputs } from './operator-chain.ts'
import type { TaskId } from './task-protocol.ts'

/** What a task reads and writes. @internal */
export interface TaskConnections {
  /** The channels that it reads; none in a task that reads its source. */
  readonly inputs: readonly TaskInputChannel[]
  /** Whether the records in them were combined on the way. */
  readonly combined: boolean
  /** Where its chain emits to; outputs that are full halt `flow`. */
  outputs(flow: FlowControl): ChainOutputs
}

/** A channel, and the input of the operator that it belongs to. @internal */
export interface TaskInputChannel {
  readonly port: number
  readonly channel: InputChannel
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
  readonly inputs: readonly TaskInputChannel[]
  readonly combined: boolean
  readonly #parts: ChannelConnectionsParts

  constructor(parts: ChannelConnectionsParts) {
    this.#parts = parts
    this.inputs = this.#inputChannels()
    this.combined = this.#inputEdges().some(({ edge }) => edge.combined === true)
  }

  outputs(flow: FlowControl): ChainOutputs {
    const { edges, id } = this.#parts
    const writers = edges.flatMap((connected) => {
      const { edge } = connected
      if (edge.from.vertexId !== id.vertexId) return []
      const own = connected.outputsOf(id.subtask)
      for (const channel of own) channel.onFull = flow.channelFull
      const writer = this.#writer(edge, own)
      return [{ operatorId: edge.from.operatorId, tag: edge.from.tag, writer }]
    })
    return new WriterOutputs(writers)
  }

  #writer(edge: PlanEdge, channels: readonly OutputChannel[]): EdgeOutput {
    const { id, maxParallelism, nodes } = this.#parts
    const selector = channelSelector(edge, {
      input: this.#inputOf(edge),
      subtask: id.subtask,
      channelCount: channels.length,
      maxParallelism,
    })
    if (edge.combined !== true || selector === undefined)
      return new RecordWriter(channels, selector)
    const operation = nodes.get(edge.to.vertexId)?.operation
    const combiner = operation && 'combiner' in operation ? operation.combiner : undefined
    const create = defined(combiner, 'the operator says how its records are combined')
    return new CombiningWriter(channels, selector, create)
  }

  /** Of each edge into the vertex, the channels that lead to the subtask. */
  #inputChannels(): readonly TaskInputChannel[] {
    const { id } = this.#parts
    return this.#inputEdges().flatMap((connected) => {
      const port = this.#inputOf(connected.edge).port ?? 0
      return connected.inputsOf(id.subtask).map((channel) => ({ port, channel }))
    })
  }

  #inputEdges(): readonly ConnectedEdge[] {
    const { edges, id } = this.#parts
    return edges.filter(({ edge }) => edge.to.vertexId === id.vertexId)
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
