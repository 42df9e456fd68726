import type {
  ExecutionPlan,
  ExplainedSink,
  ExplainedSource,
  JobExplanation,
  PlanVertex,
} from '@flinkts/core'
import type { Evidence, MissingEvidence } from './conformance-evidence.ts'
import { evidenceLines } from './evidence-text.ts'

/** An explanation with what the reports of the connectors say. @internal */
export interface WithEvidence extends Omit<JobExplanation, 'sources' | 'sinks'> {
  readonly sources: readonly Evident<ExplainedSource>[]
  readonly sinks: readonly Evident<ExplainedSink>[]
}

type Evident<Explained> = Omit<Explained, 'conformance'> & {
  readonly conformance: readonly (Evidence | MissingEvidence)[]
}

/**
 * An explanation for people.
 *
 * @param checkpoints - The directory of the job's checkpoints.
 * @internal
 */
export function explanationText(explanation: WithEvidence, checkpoints: string): string {
  const { plan, sources, sinks, states, threads } = explanation
  const sections = [
    [
      `Job "${plan.jobName}"`,
      `  guarantee       ${plan.guarantee}`,
      `  checkpoints     ${checkpoints}`,
      `  maxParallelism  ${plan.maxParallelism} (key groups)`,
      `  fingerprint     ${plan.fingerprint}`,
    ],
    ['Plan: each vertex is a chain of operators that a task runs', ...planLines(plan)],
    ['Threads: the main one coordinates, and writes the checkpoints', ...threadLines(threads)],
    [
      'Sources',
      ...sources.flatMap(({ boundedness, replayable, ...source }) =>
        connectorLines(source, `${boundedness}, ${replayable ? 'replayable' : 'not replayable'}`),
      ),
    ],
    ['Sinks', ...sinks.flatMap((sink) => connectorLines(sink, sink.guarantee))],
    [
      'State',
      ...table(states.map(({ operatorId, state, location }) => [operatorId, state, location])),
    ],
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function connectorLines(
  connector: Pick<
    WithEvidence['sources'][number],
    'operatorId' | 'description' | 'mechanism' | 'conformance'
  >,
  promise: string,
): readonly string[] {
  const { operatorId, description, mechanism, conformance } = connector
  return [
    `  ${operatorId}: ${description}`,
    `    ${promise}: ${mechanism}`,
    ...evidenceLines(conformance).map((line) => `    ${line}`),
  ]
}

function threadLines(threads: JobExplanation['threads']): readonly string[] {
  if (threads.length === 0) return ['  main  all tasks']
  return table([
    ['main', 'no tasks'],
    ...threads.map(({ thread, tasks }) => [String(thread), tasks.join(', ')]),
  ])
}

function planLines(plan: ExecutionPlan): readonly string[] {
  return plan.vertices.flatMap((vertex) => [
    `  ${vertex.vertexId} (${subtasks(vertex)})`,
    ...inputLines(plan, vertex),
    ...chainLines(vertex, vertex.vertexId, 2),
  ])
}

function subtasks({ parallelism }: PlanVertex): string {
  return parallelism === 1 ? '1 subtask' : `${parallelism} subtasks`
}

function inputLines(plan: ExecutionPlan, vertex: PlanVertex): readonly string[] {
  return plan.edges
    .filter(({ to }) => to.vertexId === vertex.vertexId)
    .map(({ from, partitioning, combined }) => {
      const exchange = combined === true ? `${partitioning}, combined by key before` : partitioning
      return `    from ${from.operatorId}, ${exchange}`
    })
}

/** The operators below `operatorId`, as a tree. */
function chainLines(vertex: PlanVertex, operatorId: string, depth: number): readonly string[] {
  const operator = vertex.operators.find((candidate) => candidate.operatorId === operatorId)
  if (operator === undefined) return []
  return [
    `${'  '.repeat(depth)}${operator.type} ${operatorId}`,
    ...operator.chainedTo.flatMap((next) => chainLines(vertex, next.operatorId, depth + 1)),
  ]
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}
