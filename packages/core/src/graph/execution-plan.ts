import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { NodeOperation } from './stream-node.ts'

/** How an edge of the plan moves records between subtasks. @public */
export type PlanPartitioning =
  | 'forward'
  | 'hash'
  | 'rebalance'
  | 'broadcast'
  | 'rescale'
  | 'shuffle'
  | 'global'
  | 'custom'

/** An operator in the plan. @public */
export interface PlanOperator {
  readonly operatorId: string
  readonly type: NodeOperation['type']
  /** The operators of the same vertex that get its records. */
  readonly chainedTo: readonly PlanTarget[]
}

/** An operator that gets records of another one. @public */
export interface PlanTarget {
  readonly operatorId: string
  /** The side output that it reads; absent: the main output. */
  readonly tag?: string
}

/** A chain of operators that one task a subtask runs. @public */
export interface PlanVertex {
  /** The id of the operator at its head. */
  readonly vertexId: string
  readonly parallelism: number
  /** In an order in which every operator comes after those that feed it. */
  readonly operators: readonly PlanOperator[]
}

/** A connection between two vertices. @public */
export interface PlanEdge {
  /** The operator that emits, and the vertex that it belongs to. */
  readonly from: {
    readonly vertexId: string
    readonly operatorId: string
    /** Its side output; absent: the main output. */
    readonly tag?: string
  }
  readonly to: { readonly vertexId: string }
  readonly partitioning: PlanPartitioning
  /** Whether records are put together by key before they are sent; absent: no. */
  readonly combined?: true
  /** Which input of the head of the target vertex this is, from 0. */
  readonly inputIndex: number
}

/**
 * How a job runs: plain data without functions, the same for the same definition and options.
 *
 * @public
 */
export interface ExecutionPlan {
  readonly jobName: string
  readonly guarantee: DeliveryGuarantee
  /** The number of key groups; fixed for the life of the job's state. */
  readonly maxParallelism: number
  /** Sources first; every vertex after those that feed it. */
  readonly vertices: readonly PlanVertex[]
  readonly edges: readonly PlanEdge[]
  /** Changes when anything above changes. */
  readonly fingerprint: string
}
