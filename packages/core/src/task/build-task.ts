import { assert, defined, unreachable } from '../common/assert.ts'
import { metricGroup } from '../common/metrics.ts'
import type { SubtaskContext } from '../connector/context.ts'
import type { PlanEdge, PlanVertex } from '../graph/execution-plan.ts'
import type { Partitioning, StreamInput, StreamNode } from '../graph/stream-node.ts'
import type { Channel } from '../network/channel.ts'
import { FlowControl } from '../network/flow-control.ts'
import { InputGate } from '../network/input-gate.ts'
import type { Output } from '../network/output.ts'
import { type ChannelSelector, RecordWriter, roundRobin } from '../network/record-writer.ts'
import { KeyedOperatorState } from '../operators/keyed-operator-state.ts'
import type { OperatorContext } from '../operators/operator-definition.ts'
import type { Operator, TwoInputOperator } from '../operators/operator.ts'
import { SinkOperator } from '../operators/sink.ts'
import { SourceOperator } from '../operators/source.ts'
import { userFunctionFailed } from '../operators/user-function.ts'
import { HeapStateBackend } from '../state/heap-state-backend.ts'
import { type Key, keyGroupOf, keyGroupRange, subtaskOfKeyGroup } from '../state/key.ts'
import { GateInput } from './gate-input.ts'
import type { ConnectedEdge, TaskServices } from './task-services.ts'
import { OperatorChain, type OutputsOf, type TaggedWriter } from './operator-chain.ts'
import { SourceInput } from './source-input.ts'
import { StreamTask, type StreamTaskParts } from './stream-task.ts'
import { TaskMetrics } from './task-metrics.ts'
import type { Deployment, RestoredOperatorState, TaskEvent, TaskId } from './task-protocol.ts'
import { taskName } from './task-protocol.ts'

/** Which task to build. @internal */
export interface TaskBlueprint {
  readonly id: TaskId
  readonly deployment: Deployment
  readonly vertex: PlanVertex
  readonly edges: readonly ConnectedEdge[]
  /** The definition of every operator, by id. */
  readonly nodes: ReadonlyMap<string, StreamNode>
  readonly send: (event: TaskEvent) => void
}

/** Builds a task with its chain, connected to its channels. It is not started. @internal */
export function buildTask(blueprint: TaskBlueprint, services: TaskServices): StreamTask {
  return new TaskBuilder(blueprint, services).build()
}

class TaskBuilder {
  readonly #blueprint: TaskBlueprint
  readonly #services: TaskServices
  readonly #flow = new FlowControl()
  readonly #abort = new AbortController()
  /** Set before anything of the task runs. */
  #task: StreamTask | undefined

  constructor(blueprint: TaskBlueprint, services: TaskServices) {
    this.#blueprint = blueprint
    this.#services = services
  }

  build(): StreamTask {
    const { vertex, id, send } = this.#blueprint
    const chain = new OperatorChain({
      vertex,
      create: (operatorId, outputs) => this.#createOperator(operatorId, outputs),
      writers: this.#writers(),
    })
    const group = metricGroup(this.#services.metrics, {
      operatorId: vertex.vertexId,
      subtask: id.subtask,
    })
    const { clock, scheduler, logger, taskLimits } = this.#services
    const shared = {
      chain,
      flow: this.#flow,
      metrics: new TaskMetrics(clock, group, () => chain.recordsOut),
      limits: taskLimits,
      clock,
      scheduler,
      logger: logger.child({ task: taskName(id) }),
      abort: this.#abort,
      send,
    }
    const parts: StreamTaskParts = { ...shared, ...this.#input(chain) }
    this.#task = new StreamTask(parts)
    return this.#task
  }

  get #built(): StreamTask {
    return defined(this.#task, 'nothing runs before the task is built')
  }

  #input(chain: OperatorChain): Pick<StreamTaskParts, 'input' | 'source' | 'sourceInput'> {
    const { vertexId, subtask } = this.#blueprint.id
    const listener = {
      barrierReceived: (...args: Parameters<StreamTask['barrierReceived']>) =>
        this.#built.barrierReceived(...args),
      recordsProcessed: (count: number) => this.#built.recordsProcessed(count),
    }
    const onAvailable = (): void => this.#built.wake()
    const flow = this.#flow
    const { operation } = this.#node(vertexId)
    if (operation.type === 'source') {
      const head = defined(chain.heads[0], 'a chain has a head')
      const source = this.#createSource(vertexId, operation.source, head)
      const sourceInput = new SourceInput({ source, flow, listener, onAvailable })
      return { input: sourceInput, source, sourceInput }
    }
    const inputs = this.#inputChannels(vertexId, subtask)
    const channels = inputs.map(({ channel }) => channel)
    const input = new GateInput({
      gate: new InputGate(channels, onAvailable),
      ports: inputs.map(({ port }) => port),
      heads: chain.heads,
      flow,
      clock: this.#services.clock,
      listener,
    })
    return { input, source: undefined, sourceInput: undefined }
  }

  #createSource(
    operatorId: string,
    source: Extract<StreamNode['operation'], { readonly type: 'source' }>['source'],
    output: Output,
  ): SourceOperator {
    const { send } = this.#blueprint
    const context = {
      ...this.#context(operatorId),
      requestSplit: () => send({ type: 'split-requested' }),
      sendSourceEvent: (event: { readonly type: string }) => send({ type: 'source-event', event }),
    }
    const restored = this.#restored(operatorId)?.splits ?? []
    return new SourceOperator(operatorId, { source, context, restored, output, flow: this.#flow })
  }

  #createOperator(operatorId: string, outputs: OutputsOf): Operator | TwoInputOperator {
    const { operation } = this.#node(operatorId)
    assert(operation.type !== 'source', 'a source is at the head of its chain')
    const subtask = this.#context(operatorId)
    if (operation.type !== 'sink') return operation.create(this.#operatorContext(subtask, outputs))
    return new SinkOperator(operatorId, {
      sink: operation.sink,
      context: subtask,
      restored: this.#restored(operatorId)?.writerStates ?? [],
      flow: this.#flow,
      signal: this.#abort.signal,
    })
  }

  #operatorContext(subtask: SubtaskContext, outputs: OutputsOf): OperatorContext {
    const { operatorId } = subtask
    return {
      operatorId,
      subtask,
      output: outputs(undefined),
      flow: this.#flow,
      signal: this.#abort.signal,
      sideOutput: outputs,
      createKeyedState: () => this.#createKeyedState(operatorId),
      runOnTask: (action) => this.#built.runOnTask(action),
    }
  }

  #createKeyedState(operatorId: string): KeyedOperatorState {
    const { deployment, vertex, id } = this.#blueprint
    const { maxParallelism } = deployment.plan
    const { storage, sliceLimits } = this.#services
    const backend = new HeapStateBackend({
      operatorId,
      range: keyGroupRange(id.subtask, vertex.parallelism, maxParallelism),
      maxParallelism,
      sliceLimits,
    })
    const restored = this.#restored(operatorId)?.keyed ?? []
    return new KeyedOperatorState({
      operatorId,
      subtask: id.subtask,
      backend,
      storage,
      restored,
    })
  }

  #context(operatorId: string): SubtaskContext {
    const { deployment, vertex, id } = this.#blueprint
    const { clock, scheduler, logger, metrics } = this.#services
    return {
      jobName: deployment.plan.jobName,
      jobId: deployment.jobId,
      operatorId,
      attempt: deployment.attempt,
      subtask: id.subtask,
      parallelism: vertex.parallelism,
      clock,
      scheduler,
      logger: logger.child({ operator: operatorId, subtask: id.subtask }),
      metrics: metricGroup(metrics, { operatorId, subtask: id.subtask }),
    }
  }

  #restored(operatorId: string): RestoredOperatorState | undefined {
    const { deployment, id } = this.#blueprint
    const states = deployment.restored.get(taskName(id))
    return states?.find((state) => state.operatorId === operatorId)
  }

  #node(operatorId: string): StreamNode {
    return defined(this.#blueprint.nodes.get(operatorId), 'the operator is defined by the job')
  }

  #writers(): readonly TaggedWriter[] {
    const { edges, vertex, id } = this.#blueprint
    return edges.flatMap(({ edge, channels }) => {
      if (edge.from.vertexId !== vertex.vertexId) return []
      const own = defined(channels[id.subtask], 'every sending subtask has channels')
      for (const channel of own) channel.onFull = this.#flow.channelFull
      const writer = new RecordWriter(own, this.#selector(edge, own.length))
      return [{ operatorId: edge.from.operatorId, tag: edge.from.tag, writer }]
    })
  }

  #selector(edge: PlanEdge, channelCount: number): ChannelSelector | undefined {
    const { partitioning } = this.#inputOf(edge)
    switch (edge.partitioning) {
      case 'forward':
        return () => 0
      case 'rebalance':
        return roundRobin(channelCount, this.#blueprint.id.subtask)
      case 'broadcast':
        return undefined
      case 'hash':
        return this.#hashSelector(edge, partitioning, channelCount)
      default:
        return unreachable(edge.partitioning)
    }
  }

  #hashSelector(edge: PlanEdge, partitioning: Partitioning, channelCount: number): ChannelSelector {
    assert(partitioning.type === 'hash', 'a hash edge has a key selector')
    const { maxParallelism } = this.#blueprint.deployment.plan
    const { selectKey } = partitioning
    const operatorId = edge.to.vertexId
    return (value) => {
      try {
        // `keyGroupOf` refuses what is no key, whatever the types said.
        const keyGroup = keyGroupOf(selectKey(value) as Key, maxParallelism, operatorId)
        return subtaskOfKeyGroup(keyGroup, maxParallelism, channelCount)
      } catch (cause) {
        throw userFunctionFailed(operatorId, value, cause)
      }
    }
  }

  /** The channels that a subtask reads: of each edge into its vertex, those that lead to it. */
  #inputChannels(vertexId: string, subtask: number): readonly InputChannel[] {
    return this.#blueprint.edges
      .filter(({ edge }) => edge.to.vertexId === vertexId)
      .flatMap(({ edge, channels }) => {
        const port = this.#inputOf(edge).port ?? 0
        if (edge.partitioning !== 'forward') {
          return channels.map((own) => ({
            port,
            channel: defined(own[subtask], 'a channel to every subtask'),
          }))
        }
        const channel = defined(channels[subtask]?.[0], 'a forward edge has one channel a subtask')
        return [{ port, channel }]
      })
  }

  #inputOf(edge: PlanEdge): StreamInput {
    const input = this.#node(edge.to.vertexId).inputs[edge.inputIndex]
    return defined(input, 'an edge of the plan is an input of the job')
  }
}

/** A channel, and the input of the operator that it belongs to. */
interface InputChannel {
  readonly port: number
  readonly channel: Channel
}
