import { atLeast, atMost, type Goal } from '../goals.ts'
import { loadNames, type LoadName } from './load.ts'
import type { Window } from './run-meter.ts'

/** What a job cost on one side. */
export interface Cost extends Window {
  readonly peakMib: number
}

/** What was measured on both sides; the peer's is absent where it did not run. */
export interface Both<Figure> {
  readonly flinkts: Figure
  readonly flink: Figure | undefined
}

/** What was measured; parts that did not run are absent. */
export interface FlinkFigures {
  readonly jobs: Readonly<Partial<Record<LoadName, Both<Cost>>>>
  readonly firstRecordMs?: Both<number>
  /**
   * With the state of `keys`: of flinkts from the start of a process after `kill -9`, of the peer
   * from the failure of a task in a process that lives on.
   */
  readonly recoveryMs?: Both<number>
  /** Of flinkts, after the failure of a task. */
  readonly failureRecoveryMs?: number
  /** The longest time that a checkpoint of `keys` kept a task from its records. */
  readonly stallMs?: number
  /** Records per second of `keys`. */
  readonly checkpoints?: { readonly on: number; readonly off: number }
  readonly threads: Readonly<Partial<Record<LoadName, ThreadRates>>>
}

/** Records per second with one worker thread, and with two. */
export interface ThreadRates {
  readonly one: number
  readonly two: number
  /** Of two processes that have nothing in common: twice `one` where two cores are free. */
  readonly apart: number
}

/** How much more than the peer a job must do in a second of processor time. */
const cpuRatios: Readonly<Record<LoadName, number>> = { map: 1.2, tumble: 5, hot: 8, keys: 5 }

/** Only of what was measured; what compares with the peer, only where that was there. */
export function flinkGoals(figures: FlinkFigures): readonly Goal[] {
  return [...comparisons(figures), ...ownGoals(figures)]
}

function comparisons({ jobs, firstRecordMs, recoveryMs }: FlinkFigures): readonly Goal[] {
  return [
    ...loadNames.flatMap((name) =>
      ratioGoal(`flink-${name}-cpu`, mapBoth(jobs[name], speedOf), atLeast(cpuRatios[name])),
    ),
    ...ratioGoal(
      'flink-keys-memory',
      mapBoth(jobs.keys, ({ peakMib }) => peakMib),
      atMost(0.5),
    ),
    ...ratioGoal('flink-first-record', firstRecordMs, atMost(0.1)),
    ...ratioGoal('flink-recovery', recoveryMs, atMost(0.125)),
  ]
}

function ownGoals({ stallMs, checkpoints, threads }: FlinkFigures): readonly Goal[] {
  const goals: Goal[] = []
  if (stallMs !== undefined) {
    goals.push({ name: 'flink-stall', figure: stallMs, target: atMost(10), unit: 'ms' })
  }
  if (checkpoints !== undefined) {
    const figure = 100 * (1 - checkpoints.on / checkpoints.off)
    goals.push({ name: 'flink-checkpoints', figure, target: atMost(15), unit: '%' })
  }
  for (const name of loadNames) {
    const rates = threads[name]
    if (rates === undefined) continue
    const figure = rates.two / rates.one
    goals.push({ name: `flink-threads-${name}`, figure, target: atLeast(1.6), unit: 'x' })
  }
  return goals
}

function ratioGoal(
  name: string,
  both: Both<number> | undefined,
  target: Goal['target'],
): readonly Goal[] {
  if (both?.flink === undefined) return []
  return [{ name, figure: both.flinkts / both.flink, target, unit: 'x' }]
}

function mapBoth<Figure>(
  both: Both<Figure> | undefined,
  figureOf: (figure: Figure) => number,
): Both<number> | undefined {
  if (both === undefined) return undefined
  const { flinkts, flink } = both
  return {
    flinkts: figureOf(flinkts),
    flink: flink === undefined ? undefined : figureOf(flink),
  }
}

function speedOf({ recordsPerCpuSecond }: Cost): number {
  return recordsPerCpuSecond
}
