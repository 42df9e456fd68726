import type { ExecutionPlan } from '@flinkts/core'
import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import { type CrashPoint, crashPoints, type PointChoice } from './crash-points.ts'
import type { ProvableJob, ProvableSink } from './provers.ts'
import type { Reference } from './reference.ts'
import { timesOf, type Trial } from './trial.ts'

/** What is to be tried. @internal */
export interface TrialChoice {
  /** Absent: all. */
  readonly points?: readonly PointChoice[]
  /** How often each point is tried. */
  readonly kills: number
  readonly seed: number
}

/** A point of an operator, and why it cannot be tried there. @internal */
export interface Candidate {
  readonly point: CrashPoint
  readonly operatorId: string
  readonly inapplicable?: string
  /** Given by the user. */
  readonly nth?: number
}

/** The points of all operators that are chosen. @internal */
export function candidatesOf(
  { sources, sinks }: ProvableJob,
  plan: ExecutionPlan,
  { points }: Pick<TrialChoice, 'points'>,
): readonly Candidate[] {
  const all = [
    ...sinks.flatMap((sink) => ofSink(sink, subtasksOf(plan, sink.operatorId))),
    ...sources.flatMap(({ operatorId }) => of('source').map((point) => ({ point, operatorId }))),
  ]
  if (points === undefined) return all
  return points.flatMap(({ point, operatorId, nth }) =>
    all
      .filter(
        (each) => each.point.name === point && (operatorId ?? each.operatorId) === each.operatorId,
      )
      .map((each) => (nth === undefined ? each : { ...each, nth })),
  )
}

/** The number of subtasks of an operator. @internal */
export function subtasksOf({ vertices }: ExecutionPlan, operatorId: string): number {
  const vertex = vertices.find(({ operators }) =>
    operators.some((operator) => operator.operatorId === operatorId),
  )
  return vertex?.parallelism ?? 1
}

/**
 * When the candidate is tried: `kills` times that differ, as far as there are so many. Late ones
 * are left out, since another run may have fewer.
 *
 * @internal
 */
export function trialsOf(
  { point, operatorId, nth }: Candidate,
  reference: Pick<Reference, 'moments'>,
  { kills, seed }: Pick<TrialChoice, 'kills' | 'seed'>,
): readonly Trial[] {
  if (nth !== undefined) return [{ point, operatorId, nth }]
  const limit = Math.max(1, Math.floor(timesOf(reference, { point, operatorId }) * surePart))
  const prng = new SeededPrng(seed * 1_000_003 + crashPoints.indexOf(point))
  const times = new Set<number>()
  while (times.size < Math.min(kills, limit)) times.add(1 + randomBelow(prng, limit))
  return [...times].map((time) => ({ point, operatorId, nth: time }))
}

const surePart = 0.75

function ofSink(sink: ProvableSink, subtasks: number): readonly Candidate[] {
  return of('sink').map((point) => {
    const inapplicable = reasonAgainst(point, sink, subtasks)
    const { operatorId } = sink
    return { point, operatorId, ...(inapplicable === undefined ? {} : { inapplicable }) }
  })
}

function reasonAgainst(
  { needs }: CrashPoint,
  { commits }: ProvableSink,
  subtasks: number,
): string | undefined {
  if (needs === undefined) return undefined
  if (!commits) return 'the sink commits nothing'
  return needs === 'subtasks' && subtasks < 2 ? 'the sink has one subtask' : undefined
}

function of(kind: CrashPoint['of']): readonly CrashPoint[] {
  return crashPoints.filter((point) => point.of === kind)
}
