import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { ExecutionPlan } from '../graph/execution-plan.ts'
import { type NodeOperation, sinksOf, sourcesOf, type StreamGraph } from '../graph/stream-node.ts'
import type { JobDefinition } from './define-job.ts'
import { planOf, type RunOptions } from './start-job.ts'

/** A source, and why it can be trusted. @public */
export interface ExplainedSource {
  readonly operatorId: string
  readonly description: string
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable: boolean
  readonly mechanism: string
}

/** A sink, and what gives its guarantee. @public */
export interface ExplainedSink {
  readonly operatorId: string
  readonly description: string
  readonly guarantee: DeliveryGuarantee
  readonly mechanism: string
}

/** Where a piece of state lives. @public */
export interface ExplainedState {
  readonly operatorId: string
  /** What it is: `splits with positions`, `state "total" (value)`. */
  readonly state: string
  readonly location: string
}

/** How a job would run. @public */
export interface JobExplanation {
  readonly plan: ExecutionPlan
  readonly sources: readonly ExplainedSource[]
  readonly sinks: readonly ExplainedSink[]
  readonly states: readonly ExplainedState[]
}

/** How a job would run, without running or opening anything. @public */
export function explainJob(job: JobDefinition, options: RunOptions = {}): JobExplanation {
  const sources = [...sourcesOf(job.graph)].map(([operatorId, source]) => {
    const { description, boundedness, replayable, mechanism } = source
    return { operatorId, description, boundedness, replayable, mechanism }
  })
  const sinks = [...sinksOf(job.graph)].map(([operatorId, sink]) => {
    const { description, guarantee, mechanism } = sink
    return { operatorId, description, guarantee, mechanism }
  })
  return { plan: planOf(job, options), sources, sinks, states: statesOf(job.graph) }
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
      return Object.entries(operation.states ?? {}).map(([name, { kind }]) => ({
        state: `state "${name}" (${kind})`,
        location: 'heap, by key group; a state file for each subtask',
      }))
  }
}
