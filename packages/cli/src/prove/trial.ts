import type { CrashPoint } from './crash-points.ts'
import { compareOutput, type Difference, isSame } from './compare.ts'
import { type Kill, momentName } from './process-plan.ts'
import { type ProofRun, type ProofSettings, runOnCopies } from './proof-run.ts'
import type { Reference } from './reference.ts'

/** A point of one operator, at one time. @internal */
export interface Trial {
  readonly point: CrashPoint
  readonly operatorId: string
  /** Which time of its first moment, from 1. */
  readonly nth: number
}

/** What came of a trial. @internal */
export interface TrialResult {
  readonly trial: Trial
  readonly status: 'ok' | 'failed' | 'not-reached'
  /** Of sinks that differ, by operator id. */
  readonly differences: ReadonlyMap<string, Difference>
  /** What else is wrong. */
  readonly problems: readonly string[]
  readonly run: ProofRun
  /** How often the moment came in the undisturbed run. */
  readonly times: number
}

/** Kills the job at a point, runs it to its end, and compares. @internal */
export async function tryPoint(
  settings: ProofSettings,
  reference: Reference,
  trial: Trial,
): Promise<TrialResult> {
  const { recordsPerCheckpoint } = reference
  const kills = killsOf(trial)
  const run = await runOnCopies(settings, { recordsPerCheckpoint, kills })
  const differences = differencesIn(settings, reference, run)
  const problems = problemsIn(settings, run)
  const times = timesOf(reference, trial)
  const status = statusOf(run, kills, differences.size > 0 || problems.length > 0)
  return { trial, status, differences, problems, run, times }
}

function statusOf(run: ProofRun, kills: readonly Kill[], wrong: boolean): TrialResult['status'] {
  if (wrong) return 'failed'
  const killed = run.outcomes.filter(({ type }) => type === 'killed').length
  return killed === kills.length ? 'ok' : 'not-reached'
}

function killsOf({ point, operatorId, nth }: Trial): readonly Kill[] {
  return point.moments.map((moment, index) => ({ operatorId, moment, nth: index === 0 ? nth : 1 }))
}

function differencesIn(
  { sinks }: ProofSettings,
  reference: Reference,
  run: ProofRun,
): ReadonlyMap<string, Difference> {
  const differences = new Map<string, Difference>()
  for (const { operatorId, guarantee } of sinks) {
    const expected = reference.run.committed.get(operatorId) ?? []
    const difference = compareOutput(expected, run.committed.get(operatorId) ?? [], guarantee)
    if (!isSame(difference)) differences.set(operatorId, difference)
  }
  return differences
}

function problemsIn({ sinks }: ProofSettings, run: ProofRun): readonly string[] {
  const failures = run.outcomes.flatMap((outcome) =>
    outcome.type === 'failed'
      ? [`the job failed: ${outcome.failure.code}: ${outcome.failure.message}`]
      : [],
  )
  const left = sinks.flatMap(({ operatorId }) => {
    const names = run.inFlight.get(operatorId) ?? []
    return names.length === 0 ? [] : [`left in flight in "${operatorId}": ${names.join(', ')}`]
  })
  return [...failures, ...left]
}

/** How often the first moment of a point came in an undisturbed run. @internal */
export function timesOf(
  { moments }: Pick<Reference, 'moments'>,
  { point, operatorId }: Pick<Trial, 'point' | 'operatorId'>,
): number {
  return moments[momentName({ operatorId, moment: point.moments[0] })] ?? 0
}
