import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { ExecutionPlan } from '../graph/execution-plan.ts'
import { type NodeOperation, sinksOf, sourcesOf, type StreamGraph } from '../graph/stream-node.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import { taskName } from '../task/task-protocol.ts'
import { tasksByThread, usedThreads } from '../threads/thread-tasks.ts'
import type { JobDefinition } from './define-job.ts'
import { resolveThreads } from './job-options.ts'
import { planOf, type RunOptions } from './start-job.ts'

/** A source, and why it can be trusted. @public */
export interface ExplainedSource {
  readonly operatorId: string
  readonly description: string
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable: boolean
  readonly mechanism: string
  /** See `Source.conformance`. */
  readonly conformance: readonly string[]
}

/** A sink, and what gives its guarantee. @public */
export interface ExplainedSink {
  readonly operatorId: string
  readonly description: string
  readonly guarantee: DeliveryGuarantee
  readonly mechanism: string
  /** See `Sink.conformance`. */
  readonly conformance: readonly string[]
}

/** Where a piece of state lives. @public */
export interface ExplainedState {
  readonly operatorId: string
  /** What it is: `splits with positions`, `state "total" (value)`, `timers`. */
  readonly state: string
  readonly location: string
}

/** A worker thread, and the tasks that it runs: vertex and subtask. @public */
export interface ExplainedThread {
  /** 0-based. */
  readonly thread: number
  readonly tasks: readonly string[]
}

/** How a job would run. @public */
export interface JobExplanation {
  readonly plan: ExecutionPlan
  readonly sources: readonly ExplainedSource[]
  readonly sinks: readonly ExplainedSink[]
  readonly states: readonly ExplainedState[]
  /** Empty: the caller's thread runs everything. */
  readonly threads: readonly ExplainedThread[]
}

/** How a job would run, without running or opening anything. @public */
export function explainJob(job: JobDefinition, options: RunOptions = {}): JobExplanation {
  const sources = [...sourcesOf(job.graph)].map(([operatorId, source]) => {
    const { description, boundedness, replayable, mechanism, conformance = [] } = source
    return { operatorId, description, boundedness, replayable, mechanism, conformance }
  })
  const sinks = [...sinksOf(job.graph)].map(([operatorId, sink]) => {
    const { description, guarantee, mechanism, conformance = [] } = sink
    return { operatorId, description, guarantee, mechanism, conformance }
  })
  const plan = planOf(job, options)
  const threads = threadsOf(plan, resolveThreads(job.name, job.options, options.threads))
  return { plan, sources, sinks, states: statesOf(job.graph), threads }
}

function threadsOf(plan: ExecutionPlan, count: number): readonly ExplainedThread[] {
  if (count === 0) return []
  return tasksByThread(plan, usedThreads(plan, count)).map((tasks, thread) => {
    return { thread, tasks: tasks.map(taskName) }
  })
}

function statesOf(graph: StreamGraph): readonly ExplainedState[] {
  return graph.nodes.flatMap(({ operatorId, operation }) =>
    describe(operation).map((state) => ({ operatorId, ...state })),
  )
}

function describe(operation: NodeOperation): readonly Omit<ExplainedState, 'operatorId'>[] {
  switch (operation.type) {
    case 'source':
      return [
        { state: 'splits with positions', location: 'manifest, by subtask' },
        { state: 'splits not yet assigned', location: 'manifest, once' },
      ]
    case 'sink':
      return operation.sink.createCommitter === undefined
        ? []
        : [{ state: 'committables not yet committed', location: 'manifest, by subtask' }]
    default:
      return describeStates(operation)
  }
}

function describeStates({
  states = {},
  keeps = [],
  lists = [],
}: OperatorDefinition): readonly Omit<ExplainedState, 'operatorId'>[] {
  const declared = Object.entries(states).map(([name, { kind }]) => `state "${name}" (${kind})`)
  return [
    ...[...declared, ...keeps].map((state) => ({
      state,
      location: 'heap, by key group; a state file for each subtask',
    })),
    ...lists.map((name) => ({ state: `list "${name}"`, location: 'manifest, by subtask' })),
  ]
}
