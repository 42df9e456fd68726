import { assert, defined, unreachable } from '../common/assert.ts'
import { metricGroup } from '../common/metrics.ts'
import type { SubtaskContext } from '../connector/context.ts'
import type { PlanVertex } from '../graph/execution-plan.ts'
import type { Partitioning, StreamNode } from '../graph/stream-node.ts'
import type { Channel } from '../network/channel.ts'
import { FlowControl } from '../network/flow-control.ts'
import { InputGate } from '../network/input-gate.ts'
import type { Output } from '../network/output.ts'
import { type ChannelSelector, RecordWriter, roundRobin } from '../network/record-writer.ts'
import type { Operator } from '../operators/operator.ts'
import { SinkOperator } from '../operators/sink.ts'
import { SourceOperator } from '../operators/source.ts'
import { FilterOperator, FlatMapOperator, MapOperator } from '../operators/stateless.ts'
import { userFunctionFailed } from '../operators/user-function.ts'
import { type Key, keyGroupOf, subtaskOfKeyGroup } from '../state/key.ts'
import { buildKeyedProcess } from './build-keyed-process.ts'
import { GateInput } from './gate-input.ts'
import type { ConnectedEdge, TaskServices } from './task-services.ts'
import { OperatorChain } from './operator-chain.ts'
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

  constructor(blueprint: TaskBlueprint, services: TaskServices) {
    this.#blueprint = blueprint
    this.#services = services
  }

  build(): StreamTask {
    const { vertex, id, send } = this.#blueprint
    const chain = new OperatorChain({
      vertex,
      create: (operatorId, output) => this.#createOperator(operatorId, output),
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
    const parts: StreamTaskParts = { ...shared, ...this.#input(chain, () => task) }
    const task: StreamTask = new StreamTask(parts)
    return task
  }

  /** The task and its input know each other: `task` is called only after both exist. */
  #input(
    chain: OperatorChain,
    task: () => StreamTask,
  ): Pick<StreamTaskParts, 'input' | 'source' | 'sourceInput'> {
    const { vertexId, subtask } = this.#blueprint.id
    const listener = {
      barrierReceived: (...args: Parameters<StreamTask['barrierReceived']>) =>
        task().barrierReceived(...args),
      recordsProcessed: (count: number) => task().recordsProcessed(count),
    }
    const onAvailable = (): void => task().wake()
    const flow = this.#flow
    const { operation } = this.#node(vertexId)
    if (operation.type === 'source') {
      const source = this.#createSource(vertexId, operation.source, chain.head)
      const sourceInput = new SourceInput({ source, flow, listener, onAvailable })
      return { input: sourceInput, source, sourceInput }
    }
    const gate = new InputGate(inputChannels(this.#blueprint.edges, vertexId, subtask), onAvailable)
    const { clock } = this.#services
    const input = new GateInput({ gate, head: chain.head, flow, clock, listener })
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

  #createOperator(operatorId: string, output: Output): Operator {
    const { operation } = this.#node(operatorId)
    switch (operation.type) {
      case 'map':
        return new MapOperator(operatorId, operation.map, output)
      case 'filter':
        return new FilterOperator(operatorId, operation.predicate, output)
      case 'flat-map':
        return new FlatMapOperator(operatorId, operation.flatMap, { output, flow: this.#flow })
      case 'process':
        return this.#createKeyedProcess(operatorId, operation, output)
      case 'sink':
        return new SinkOperator(operatorId, {
          sink: operation.sink,
          context: this.#context(operatorId),
          restored: this.#restored(operatorId)?.writerStates ?? [],
          flow: this.#flow,
          signal: this.#abort.signal,
        })
      case 'source':
        return assert(false, 'a source is at the head of its chain') as never
      default:
        return unreachable(operation)
    }
  }

  #createKeyedProcess(
    operatorId: string,
    operation: Extract<StreamNode['operation'], { readonly type: 'process' }>,
    output: Output,
  ): Operator {
    const { deployment, vertex, id } = this.#blueprint
    return buildKeyedProcess({
      operatorId,
      operation,
      subtask: id.subtask,
      parallelism: vertex.parallelism,
      maxParallelism: deployment.plan.maxParallelism,
      restored: this.#restored(operatorId)?.keyed ?? [],
      storage: this.#services.storage,
      sliceLimits: this.#services.sliceLimits,
      output,
      flow: this.#flow,
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

  #writers(): ReadonlyMap<string, readonly RecordWriter[]> {
    const { edges, vertex, id } = this.#blueprint
    const writers = new Map<string, RecordWriter[]>()
    for (const { edge, channels } of edges) {
      if (edge.from.vertexId !== vertex.vertexId) continue
      const own = defined(channels[id.subtask], 'every sending subtask has channels')
      for (const channel of own) channel.onFull = this.#flow.channelFull
      const list = writers.get(edge.from.operatorId) ?? []
      list.push(new RecordWriter(own, this.#selector(edge, own.length)))
      writers.set(edge.from.operatorId, list)
    }
    return writers
  }

  #selector(edge: ConnectedEdge['edge'], channelCount: number): ChannelSelector | undefined {
    const { partitioning } = defined(
      this.#node(edge.to.vertexId).inputs[edge.inputIndex],
      'an edge of the plan is an input of the job',
    )
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

  #hashSelector(
    edge: ConnectedEdge['edge'],
    partitioning: Partitioning,
    channelCount: number,
  ): ChannelSelector {
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
}

/** The channels that a subtask reads: of each edge into its vertex, those that lead to it. */
function inputChannels(
  edges: readonly ConnectedEdge[],
  vertexId: string,
  subtask: number,
): readonly Channel[] {
  return edges
    .filter(({ edge }) => edge.to.vertexId === vertexId)
    .flatMap(({ edge, channels }) => {
      if (edge.partitioning !== 'forward') {
        return channels.map((own) => defined(own[subtask], 'a channel to every subtask'))
      }
      return [defined(channels[subtask]?.[0], 'a forward edge has one channel a subtask')]
    })
}
