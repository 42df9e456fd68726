import type { Sink } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { SourceTimeSettings } from '../operators/source-time.ts'

/** How records reach the subtasks of an operator. @internal */
export type Partitioning =
  /** To the subtask of the same index if the parallelism is equal, else in turn. */
  | { readonly type: 'forward' }
  | { readonly type: 'hash'; readonly selectKey: (value: unknown) => unknown }
  | { readonly type: 'rebalance' }
  | { readonly type: 'broadcast' }
  /** In turn to the subtasks that the sending one is paired with. */
  | { readonly type: 'rescale' }
  /** At random. */
  | { readonly type: 'shuffle' }
  /** To subtask 0. */
  | { readonly type: 'global' }
  | ({ readonly type: 'custom' } & CustomPartitioner)

/** The choice of the job. @internal */
export interface CustomPartitioner {
  readonly selectKey: (value: unknown) => unknown
  /** The index of the subtask for a key, below `subtaskCount`. */
  readonly partition: (key: unknown, subtaskCount: number) => number
}

/** An input of a node. @internal */
export interface StreamInput {
  /** Index of the node in the graph. */
  readonly from: number
  /** The side output of that node; `undefined`: its main output. */
  readonly tag?: string | undefined
  readonly partitioning: Partitioning
  /** Which input of the operator this is; `undefined`: the only one, or the first. */
  readonly port?: 0 | 1 | undefined
}

/** What a node does, with its functions. @internal */
export type NodeOperation =
  | {
      readonly type: 'source'
      readonly source: Source<unknown>
      readonly time: SourceTimeSettings
    }
  | { readonly type: 'sink'; readonly sink: Sink<unknown> }
  | OperatorDefinition

/** An operator of the job as it was defined. @internal */
export interface StreamNode {
  readonly operatorId: string
  readonly operation: NodeOperation
  readonly inputs: readonly StreamInput[]
  /** `undefined`: that of the job. */
  readonly parallelism: number | undefined
}

/**
 * The job as it was defined: nodes in the order of their definition, inputs before users. @internal
 */
export interface StreamGraph {
  readonly jobName: string
  readonly nodes: readonly StreamNode[]
}

/** The sources of a job, by operator id. @internal */
export function sourcesOf(graph: StreamGraph): ReadonlyMap<string, Source<unknown>> {
  return new Map(
    graph.nodes.flatMap(({ operatorId, operation }) =>
      operation.type === 'source' ? [[operatorId, operation.source]] : [],
    ),
  )
}

/** The sinks of a job, by operator id. @internal */
export function sinksOf(graph: StreamGraph): ReadonlyMap<string, Sink<unknown>> {
  return new Map(
    graph.nodes.flatMap(({ operatorId, operation }) =>
      operation.type === 'sink' ? [[operatorId, operation.sink]] : [],
    ),
  )
}
