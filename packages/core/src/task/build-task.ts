import { defined } from '../common/assert.ts'
import { metricGroup } from '../common/metrics.ts'
import type { PlanVertex } from '../graph/execution-plan.ts'
import type { StreamNode } from '../graph/stream-node.ts'
import { FlowControl } from '../network/flow-control.ts'
import { InputGate } from '../network/input-gate.ts'
import { WatermarkMetrics } from '../operators/watermark-metrics.ts'
import { GateInput } from './gate-input.ts'
import { OperatorChain } from './operator-chain.ts'
import { OperatorFactory } from './operator-factory.ts'
import { SourceInput } from './source-input.ts'
import { StepClock } from './step-clock.ts'
import { StreamTask, type StreamTaskParts } from './stream-task.ts'
import type { TaskConnections } from './task-connections.ts'
import { TaskMetrics } from './task-metrics.ts'
import type { Deployment, TaskEvent, TaskId } from './task-protocol.ts'
import { taskName } from './task-protocol.ts'
import type { TaskServices } from './task-services.ts'
import { TimedFiles } from './timed-files.ts'

/** Which task to build. @internal */
export interface TaskBlueprint {
  readonly id: TaskId
  readonly deployment: Deployment
  readonly vertex: PlanVertex
  /** The definition of every operator, by id. */
  readonly nodes: ReadonlyMap<string, StreamNode>
  readonly send: (event: TaskEvent) => void
}

/** Builds a task with its chain, connected to what it reads and writes. Not started. @internal */
export function buildTask(
  blueprint: TaskBlueprint,
  services: TaskServices,
  connections: TaskConnections,
): StreamTask {
  return new TaskBuilder(blueprint, services, connections).build()
}

class TaskBuilder {
  readonly #blueprint: TaskBlueprint
  readonly #services: TaskServices
  readonly #connections: TaskConnections
  readonly #operators: OperatorFactory
  readonly #flow = new FlowControl()
  readonly #abort = new AbortController()
  readonly #steps: StepClock
  readonly #files: TimedFiles
  /** Set before anything of the task runs. */
  #task: StreamTask | undefined

  constructor(blueprint: TaskBlueprint, services: TaskServices, connections: TaskConnections) {
    this.#blueprint = blueprint
    this.#services = services
    this.#connections = connections
    this.#steps = new StepClock(services.clock)
    this.#files = new TimedFiles(services.storage, services.clock)
    this.#operators = new OperatorFactory({
      blueprint,
      services,
      flow: this.#flow,
      steps: this.#steps,
      files: this.#files,
      signal: this.#abort.signal,
      runOnTask: (action) => this.#built.runOnTask(action),
    })
  }

  build(): StreamTask {
    const { vertex, id, send } = this.#blueprint
    const chain = new OperatorChain({
      vertex,
      create: (operatorId, outputs) => this.#operators.createOperator(operatorId, outputs),
      outputs: this.#connections.outputs(this.#flow),
      combined: this.#connections.combined,
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
      steps: this.#steps,
      scheduler,
      logger: logger.child({ task: taskName(id) }),
      files: this.#files,
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
    const listener = {
      barrierReceived: (...args: Parameters<StreamTask['barrierReceived']>) =>
        this.#built.barrierReceived(...args),
      recordsProcessed: (count: number) => this.#built.recordsProcessed(count),
    }
    const onAvailable = (): void => this.#built.wake()
    const flow = this.#flow
    const { inputs } = this.#connections
    if (inputs.length === 0) {
      const { vertexId } = this.#blueprint.id
      const source = this.#operators.createSource(vertexId, chain.sourceOutputs)
      const sourceInput = new SourceInput({ source, flow, listener, onAvailable })
      return { input: sourceInput, source, sourceInput }
    }
    const { clock, metrics: sink } = this.#services
    const { vertexId: operatorId, subtask } = this.#blueprint.id
    const metrics = new WatermarkMetrics(clock, metricGroup(sink, { operatorId, subtask }))
    const channels = inputs.map(({ channel }) => channel)
    const input = new GateInput({
      gate: new InputGate(channels, onAvailable),
      ports: inputs.map(({ port }) => port),
      combined: this.#connections.combined,
      heads: chain.heads,
      flow,
      clock,
      listener,
      onWatermark: (timestamp) => metrics.advanced(timestamp),
    })
    return { input, source: undefined, sourceInput: undefined }
  }
}
