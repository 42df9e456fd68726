import { median, rounded } from '../statistics.ts'
import type { Both, Cost, FlinkFigures, ThreadRates } from './flink-goals.ts'
import type { JobRuns, RecoveryRuns, Runs } from './flink-runs.ts'
import { type LoadName, loadNames } from './load.ts'
import type { LoadRun } from './measure.ts'
import type { Window } from './run-meter.ts'

/** Medians of what was run. */
export function figuresOf({ jobs, start, recovery }: Runs): FlinkFigures {
  const { keys } = jobs
  return {
    jobs: mapJobs(jobs, (runs) => ({
      flinkts: costOf(
        runs.ours.flatMap(({ windows }) => windows),
        runs.ours,
      ),
      flink: runs.theirs.length === 0 ? undefined : costOf(runs.theirs, runs.theirs),
    })),
    threads: mapJobs(jobs, threadFigures),
    ...(start === undefined ? {} : { firstRecordMs: both(start.ours, start.theirs) }),
    ...(recovery === undefined ? {} : recoveryFigures(recovery)),
    ...(keys === undefined ? {} : checkpointFigures(keys)),
  }
}

function threadFigures({ oneThread, twoThreads, apart }: JobRuns): ThreadRates | undefined {
  if (oneThread.length === 0) return undefined
  return {
    one: rateOf(oneThread),
    two: rateOf(twoThreads),
    apart: median(apart.map((pair) => pair.reduce((sum, run) => sum + rateOf([run]), 0))),
  }
}

function recoveryFigures({ ours, theirs }: RecoveryRuns): Partial<FlinkFigures> {
  const failuresMs = ours.map(({ failureMs }) => failureMs)
  const killsMs = ours.map(({ killMs }) => killMs)
  return { recoveryMs: both(killsMs, theirs), failureRecoveryMs: median(failuresMs) }
}

function checkpointFigures({ ours, withoutCheckpoints }: JobRuns): Partial<FlinkFigures> {
  return {
    stallMs: Math.max(...ours.map(({ stallMs }) => stallMs)),
    checkpoints: { on: rateOf(ours), off: rateOf(withoutCheckpoints) },
  }
}

function mapJobs<Figure>(
  jobs: Runs['jobs'],
  figureOf: (runs: JobRuns) => Figure | undefined,
): Partial<Record<LoadName, Figure>> {
  const figures: Partial<Record<LoadName, Figure>> = {}
  for (const name of loadNames) {
    const runs = jobs[name]
    const figure = runs === undefined ? undefined : figureOf(runs)
    if (figure !== undefined) figures[name] = figure
  }
  return figures
}

function costOf(windows: readonly Window[], peaks: readonly { peakMib: number }[]): Cost {
  return {
    recordsPerSecond: median(windows.map(({ recordsPerSecond }) => recordsPerSecond)),
    recordsPerCpuSecond: median(windows.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond)),
    peakMib: Math.max(...peaks.map(({ peakMib }) => peakMib)),
  }
}

function rateOf(runs: readonly LoadRun[]): number {
  const windows = runs.flatMap((one) => one.windows)
  return median(windows.map(({ recordsPerSecond }) => recordsPerSecond))
}

function both(ours: readonly number[], theirs: readonly number[]): Both<number> {
  return { flinkts: median(ours), flink: theirs.length === 0 ? undefined : median(theirs) }
}

/** For people: what the goals leave out. */
export function printFigures(figures: FlinkFigures, { jobs }: Runs): void {
  for (const [name, { flinkts, flink }] of Object.entries(figures.jobs)) {
    console.log(`${name.padEnd(7)} flinkts ${costText(flinkts)}`)
    if (flink !== undefined) console.log(`        Flink   ${costText(flink)}`)
  }
  for (const [name, { one, two, apart }] of Object.entries(figures.threads)) {
    const load = jobs[name as LoadName]?.load.join(', ') ?? ''
    console.log(
      `${name.padEnd(7)} 1 thread ${rateText(one)}/s, 2 threads ${rateText(two)}/s; ` +
        `two processes with 1 thread each ${rounded(apart / one)}x, which is 2 where two cores ` +
        `are free: load average ${load}`,
    )
  }
  const { checkpoints, stallMs, firstRecordMs, recoveryMs, failureRecoveryMs } = figures
  if (checkpoints !== undefined) {
    const { on, off } = checkpoints
    console.log(`checkpoints of keys: with ${rateText(on)}/s, without ${rateText(off)}/s`)
  }
  if (stallMs !== undefined) console.log(`longest stall: ${rounded(stallMs)} ms`)
  if (firstRecordMs !== undefined) console.log(`first record: ${bothText(firstRecordMs)}`)
  if (recoveryMs !== undefined) console.log(`recovery of keys: ${bothText(recoveryMs)}`)
  if (failureRecoveryMs !== undefined) {
    console.log(`  without a new process: flinkts ${Math.round(failureRecoveryMs)} ms`)
  }
}

function bothText({ flinkts, flink }: Both<number>): string {
  const theirs = flink === undefined ? '' : `, Flink ${Math.round(flink)} ms`
  return `flinkts ${Math.round(flinkts)} ms${theirs}`
}

function costText({ recordsPerSecond, recordsPerCpuSecond, peakMib }: Cost): string {
  return (
    `${rateText(recordsPerSecond)}/s, ${rateText(recordsPerCpuSecond)} a CPU second, ` +
    `${Math.round(peakMib)} MiB`
  )
}

function rateText(rate: number): string {
  return `${rounded(rate / 1e6)} M records`
}
