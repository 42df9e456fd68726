import type { JobDefinition } from '../api/define-job.ts'
import { type JobOptions, resolveJobOptions } from '../api/job-options.ts'
import type { Sink } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import { type NodeOperation, sinksOf, sourcesOf } from '../graph/stream-node.ts'

/** The sources and sinks of a job, by operator id. @public */
export interface JobConnectors {
  readonly sources: ReadonlyMap<string, Source<unknown>>
  readonly sinks: ReadonlyMap<string, Sink<unknown>>
}

/** What a job reads from and writes to. @public */
export function connectorsOf({ graph }: JobDefinition): JobConnectors {
  return { sources: sourcesOf(graph), sinks: sinksOf(graph) }
}

/**
 * The same job with other sources and sinks; those that are not given stay.
 *
 * @param options - Options of the job to change.
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function withConnectors(
  job: JobDefinition,
  { sources, sinks }: JobConnectors,
  options: JobOptions = {},
): JobDefinition {
  const replaced = (operatorId: string, operation: NodeOperation): NodeOperation => {
    if (operation.type === 'source') {
      return { ...operation, source: sources.get(operatorId) ?? operation.source }
    }
    if (operation.type !== 'sink') return operation
    return { ...operation, sink: sinks.get(operatorId) ?? operation.sink }
  }
  const nodes = job.graph.nodes.map((node) => {
    return { ...node, operation: replaced(node.operatorId, node.operation) }
  })
  return {
    name: job.name,
    graph: { ...job.graph, nodes },
    options: resolveJobOptions(job.name, { ...job.options, ...options }),
  }
}
