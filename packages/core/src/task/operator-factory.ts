import { assert, defined } from '../common/assert.ts'
import { metricGroup } from '../common/metrics.ts'
import type { SubtaskContext } from '../connector/context.ts'
import type { StreamNode } from '../graph/stream-node.ts'
import type { FlowControl } from '../network/flow-control.ts'
import { KeyedOperatorState } from '../operators/keyed-operator-state.ts'
import type { OperatorContext, OperatorDefinition } from '../operators/operator-definition.ts'
import { checkListsDeclared, OperatorList } from '../operators/operator-list.ts'
import type { Operator, TwoInputOperator } from '../operators/operator.ts'
import { SinkOperator } from '../operators/sink.ts'
import { SourceOperator } from '../operators/source.ts'
import { HeapStateBackend } from '../state/heap-state-backend.ts'
import { keyGroupRange } from '../state/key.ts'
import { itemsOf, splitsList, writerList } from '../state/operator-state.ts'
import type { TaskBlueprint } from './build-task.ts'
import type { OutputsOf } from './operator-chain.ts'
import type { StepClock } from './step-clock.ts'
import type { RestoredOperatorState } from './task-protocol.ts'
import { taskName } from './task-protocol.ts'
import type { TaskServices } from './task-services.ts'
import type { StateFiles } from './timed-files.ts'

/** What operators share with their task. @internal */
export interface OperatorFactoryParts {
  readonly blueprint: TaskBlueprint
  readonly services: TaskServices
  readonly flow: FlowControl
  readonly steps: StepClock
  readonly files: StateFiles
  readonly signal: AbortSignal
  /** See `OperatorContext.runOnTask`. */
  readonly runOnTask: (action: () => void) => void
}

/** Makes the operators of a task, each with its context and what it restores. @internal */
export class OperatorFactory {
  readonly #parts: OperatorFactoryParts

  constructor(parts: OperatorFactoryParts) {
    this.#parts = parts
  }

  /** An operator that is no source. */
  createOperator(operatorId: string, outputs: OutputsOf): Operator | TwoInputOperator {
    const { flow, signal } = this.#parts
    const { operation } = this.#node(operatorId)
    assert(operation.type !== 'source', 'a source is at the head of its chain')
    const subtask = this.#context(operatorId)
    if (operation.type !== 'sink') return this.#createDefined(operation, subtask, outputs)
    return new SinkOperator(operatorId, {
      sink: operation.sink,
      context: subtask,
      restored: itemsOf(this.#restored(operatorId)?.lists, writerList),
      flow,
      signal,
    })
  }

  /** The source that drives the chain behind `outputs`. */
  createSource(operatorId: string, outputs: OutputsOf): SourceOperator {
    const { blueprint, flow, runOnTask } = this.#parts
    const { send } = blueprint
    const { operation } = this.#node(operatorId)
    assert(operation.type === 'source', 'a task without inputs has a source')
    const context = {
      ...this.#context(operatorId),
      requestSplit: () => send({ type: 'split-requested' }),
      sendSourceEvent: (event: { readonly type: string }) => send({ type: 'source-event', event }),
    }
    const restored = itemsOf(this.#restored(operatorId)?.lists, splitsList)
    return new SourceOperator(operatorId, {
      source: operation.source,
      time: operation.time,
      context,
      restored,
      output: outputs(undefined),
      sideOutput: outputs,
      flow,
      runOnTask,
      reportWatermark: (watermark) => send({ type: 'watermark-reported', watermark }),
    })
  }

  #createDefined(
    definition: OperatorDefinition,
    subtask: SubtaskContext,
    outputs: OutputsOf,
  ): Operator | TwoInputOperator {
    const { operatorId } = subtask
    const restored = this.#restored(operatorId)?.lists ?? []
    const declared: string[] = []
    const operator = definition.create({
      ...this.#operatorContext(subtask, outputs),
      listState: (declaration) => {
        declared.push(declaration.name)
        return new OperatorList(declaration, restored)
      },
    })
    checkListsDeclared(operatorId, restored, declared)
    return operator
  }

  #operatorContext(
    subtask: SubtaskContext,
    outputs: OutputsOf,
  ): Omit<OperatorContext, 'listState'> {
    const { flow, signal, runOnTask } = this.#parts
    const { operatorId } = subtask
    return {
      operatorId,
      subtask,
      output: outputs(undefined),
      flow,
      signal,
      sideOutput: outputs,
      createKeyedState: () => this.#createKeyedState(operatorId),
      runOnTask,
    }
  }

  #createKeyedState(operatorId: string): KeyedOperatorState {
    const { blueprint, steps, files } = this.#parts
    const { deployment, vertex, id } = blueprint
    const { maxParallelism } = deployment.plan
    const { sliceLimits } = this.#parts.services
    const backend = new HeapStateBackend({
      operatorId,
      range: keyGroupRange(id.subtask, vertex.parallelism, maxParallelism),
      maxParallelism,
      sliceLimits,
      now: steps.now,
    })
    steps.onStep(() => backend.sweep())
    const restored = this.#restored(operatorId)?.keyed ?? []
    return new KeyedOperatorState({
      operatorId,
      subtask: id.subtask,
      backend,
      storage: files,
      restored,
    })
  }

  #context(operatorId: string): SubtaskContext {
    const { deployment, vertex, id } = this.#parts.blueprint
    const { clock, scheduler, logger, metrics } = this.#parts.services
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
    const { deployment, id } = this.#parts.blueprint
    const states = deployment.restored.get(taskName(id))
    return states?.find((state) => state.operatorId === operatorId)
  }

  #node(operatorId: string): StreamNode {
    return defined(this.#parts.blueprint.nodes.get(operatorId), 'the job defines the operator')
  }
}
