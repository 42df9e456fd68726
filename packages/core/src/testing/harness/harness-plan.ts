import type { JobDefinition } from '../../api/define-job.ts'
import { planOf } from '../../api/start-job.ts'
import { defined } from '../../common/assert.ts'
import { FlinktsError } from '../../common/errors.ts'
import type { ExecutionPlan, PlanEdge, PlanVertex } from '../../graph/execution-plan.ts'
import type { StreamNode } from '../../graph/stream-node.ts'

/** The operator id of the sink behind the stream that is tested. @internal */
export const harnessOutputId = 'harness-output'

/** What of a job a harness runs: one vertex, without the sink. @internal */
export interface HarnessPlan {
  readonly plan: ExecutionPlan
  readonly vertex: PlanVertex
  readonly nodes: ReadonlyMap<string, StreamNode>
  /** Whose output is the main one of the harness. */
  readonly end: { readonly operatorId: string; readonly tag: string | undefined }
  /** The edges that lead into the vertex, from sources; none if a source is at its head. */
  readonly edges: readonly PlanEdge[]
}

/**
 * Plans the job, and takes out what is between its sources and its one sink.
 *
 * @throws FlinktsError FLINKTS_TEST_INVALID if that is more than one task a subtask
 * @internal
 */
export function planHarness(job: JobDefinition): HarnessPlan {
  const nodes = new Map(job.graph.nodes.map((node) => [node.operatorId, node]))
  const sink = job.graph.nodes.find(
    ({ operation, operatorId }) => operation.type === 'sink' && operatorId !== harnessOutputId,
  )
  if (sink !== undefined) throw hasSink(sink.operatorId)
  const plan = planOf(job)
  const vertex = defined(
    plan.vertices.find(({ operators }) =>
      operators.some(({ operatorId }) => operatorId === harnessOutputId),
    ),
    'the plan has every operator of the job',
  )
  const outside = plan.vertices.filter((other) => other !== vertex && !isSourceAlone(other))
  if (outside.length > 0 || vertex.vertexId === harnessOutputId) throw isNoChain(plan)
  const [from] = defined(nodes.get(harnessOutputId), 'the job has the sink').inputs
  const input = defined(from, 'a sink reads a stream')
  const end = defined(job.graph.nodes[input.from], 'the input of an operator exists')
  return {
    plan,
    vertex: withoutSink(vertex),
    nodes,
    end: { operatorId: end.operatorId, tag: input.tag },
    edges: plan.edges.filter(({ to }) => to.vertexId === vertex.vertexId),
  }
}

function isSourceAlone({ operators }: PlanVertex): boolean {
  return operators.length === 1 && operators[0]?.type === 'source'
}

function withoutSink(vertex: PlanVertex): PlanVertex {
  const operators = vertex.operators
    .filter(({ operatorId }) => operatorId !== harnessOutputId)
    .map((operator) => ({
      ...operator,
      chainedTo: operator.chainedTo.filter(({ operatorId }) => operatorId !== harnessOutputId),
    }))
  return { ...vertex, operators }
}

function hasSink(operatorId: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_TEST_INVALID',
    `the stream of the harness is written to sink "${operatorId}"`,
    { hint: 'Return the stream: the harness takes what comes out. Test sinks with runTestJob.' },
  )
}

function isNoChain(plan: ExecutionPlan): FlinktsError {
  const tasks = plan.vertices.map(({ operators }) =>
    operators.map(({ operatorId }) => `"${operatorId}"`).join(' and '),
  )
  return new FlinktsError(
    'FLINKTS_TEST_INVALID',
    `the harness runs one chain of operators, but these run apart: ${tasks.join('; ')}`,
    {
      hint:
        'Give operators no parallelism of their own, return no union, and begin with the keyed ' +
        'operator if the parallelism is above 1. Test the rest with runTestJob.',
    },
  )
}
