import { defined } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type {
  ExecutionPlan,
  PlanEdge,
  PlanOperator,
  PlanPartitioning,
  PlanVertex,
} from './execution-plan.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { StreamGraph, StreamInput, StreamNode } from './stream-node.ts'

/** What the plan depends on besides the definition. @internal */
export interface PlanOptions {
  readonly guarantee: DeliveryGuarantee
  /** Subtasks of operators that name no parallelism of their own; >= 1. */
  readonly parallelism: number
  readonly maxParallelism: number
}

/**
 * Turns the definition into the plan: an operator is chained to the one before it when it has a
 * single forward input, of the same parallelism, and may be chained (Flink F019).
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID for a parallelism below 1 or above maxParallelism
 * @internal
 */
export function planJob(graph: StreamGraph, options: PlanOptions): ExecutionPlan {
  const nodes = graph.nodes.map((node) => resolveNode(graph.jobName, node, options))
  const heads = headsOf(nodes)
  const plan = {
    jobName: graph.jobName,
    guarantee: options.guarantee,
    maxParallelism: options.maxParallelism,
    vertices: verticesOf(nodes, heads),
    edges: edgesOf(nodes, heads),
  }
  return { ...plan, fingerprint: fingerprintOf(plan) }
}

interface ResolvedNode {
  readonly node: StreamNode
  readonly parallelism: number
}

function resolveNode(jobName: string, node: StreamNode, options: PlanOptions): ResolvedNode {
  const parallelism = node.parallelism ?? options.parallelism
  if (Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= options.maxParallelism) {
    return { node, parallelism }
  }
  throw new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `the parallelism of operator "${node.operatorId}" in job "${jobName}" is ${parallelism}`,
    { hint: `Use a whole number from 1 to the job's maxParallelism, ${options.maxParallelism}.` },
  )
}

/** For each node the index of the node at the head of its chain. */
function headsOf(nodes: readonly ResolvedNode[]): readonly number[] {
  const heads: number[] = []
  for (const [index, target] of nodes.entries()) {
    const upstream = chainableUpstream(nodes, target)
    heads.push(upstream === undefined ? index : at(heads, upstream))
  }
  return heads
}

function chainableUpstream(
  nodes: readonly ResolvedNode[],
  target: ResolvedNode,
): number | undefined {
  const [input, ...others] = target.node.inputs
  if (input === undefined || others.length > 0) return undefined
  const { operation } = target.node
  if ('chaining' in operation && operation.chaining === 'head') return undefined
  return partitioningOf(nodes, input, target) === 'forward' ? input.from : undefined
}

/**
 * A forward input between operators of different parallelism goes in turn instead. Keys of one
 * subtask for one subtask need no exchange.
 */
function partitioningOf(
  nodes: readonly ResolvedNode[],
  input: StreamInput,
  target: ResolvedNode,
): PlanPartitioning {
  const { type } = input.partitioning
  const upstream = at(nodes, input.from).parallelism
  if (type === 'hash') return upstream === 1 && target.parallelism === 1 ? 'forward' : 'hash'
  if (type !== 'forward') return type
  return upstream === target.parallelism ? 'forward' : 'rebalance'
}

function verticesOf(
  nodes: readonly ResolvedNode[],
  heads: readonly number[],
): readonly PlanVertex[] {
  return nodes.flatMap((head, index) => {
    if (at(heads, index) !== index) return []
    const operators = nodes.flatMap((_, member) =>
      at(heads, member) === index ? [operatorOf(nodes, heads, member)] : [],
    )
    return [{ vertexId: head.node.operatorId, parallelism: head.parallelism, operators }]
  })
}

function operatorOf(
  nodes: readonly ResolvedNode[],
  heads: readonly number[],
  index: number,
): PlanOperator {
  const { node } = at(nodes, index)
  const chainedTo = nodes.flatMap((target, targetIndex) => {
    const chained =
      at(heads, targetIndex) !== targetIndex && chainableUpstream(nodes, target) === index
    if (!chained) return []
    return [{ operatorId: target.node.operatorId, ...tagOf(at(target.node.inputs, 0)) }]
  })
  return { operatorId: node.operatorId, type: node.operation.type, chainedTo }
}

function edgesOf(nodes: readonly ResolvedNode[], heads: readonly number[]): readonly PlanEdge[] {
  const vertexIdOf = (index: number): string => at(nodes, at(heads, index)).node.operatorId
  return nodes.flatMap((target, targetIndex) => {
    if (at(heads, targetIndex) !== targetIndex) return []
    return target.node.inputs.map((input, inputIndex) => ({
      from: {
        vertexId: vertexIdOf(input.from),
        operatorId: at(nodes, input.from).node.operatorId,
        ...tagOf(input),
      },
      to: { vertexId: target.node.operatorId },
      ...exchangeOf(nodes, input, target),
      inputIndex,
    }))
  })
}

function exchangeOf(
  nodes: readonly ResolvedNode[],
  input: StreamInput,
  target: ResolvedNode,
): Pick<PlanEdge, 'partitioning' | 'combined'> {
  const partitioning = partitioningOf(nodes, input, target)
  const { operation } = target.node
  const combines = 'combiner' in operation && operation.combiner !== undefined
  return partitioning === 'hash' && combines ? { partitioning, combined: true } : { partitioning }
}

function tagOf({ tag }: StreamInput): { readonly tag?: string } {
  return tag === undefined ? {} : { tag }
}

function at<T>(items: readonly T[], index: number): T {
  return defined(items[index], 'an index of the graph exists')
}
