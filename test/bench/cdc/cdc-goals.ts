import { atLeast, atMost, type Goal } from '../goals.ts'
import { median } from '../statistics.ts'
import type { ScenarioName, ScenarioResult } from './scenario.ts'

const ours = 'flinkts'
const library = 'pg-logical-replication-careful'
const rivet = 'rivet'

/** The goals that the results say something about. */
export function cdcGoals(results: readonly ScenarioResult[]): readonly Goal[] {
  return [
    ...exactnessGoals(results),
    ...perfGoals(results),
    ...backlogGoals(results),
    ...restartGoals(results),
    ...memoryGoals(results),
  ]
}

/** One line for each kind of fault, summed over all scenarios. */
function exactnessGoals(results: readonly ScenarioResult[]): readonly Goal[] {
  const own = results.filter(({ peer }) => peer === ours)
  if (own.length === 0) return []
  const verdicts = own.map(({ verdict }) => verdict)
  const sum = (of: (verdict: ScenarioResult['verdict']) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0)
  const faults = {
    lost: sum(({ lost, missing, stale }) => lost + missing + stale),
    duplicated: sum(({ duplicated }) => duplicated),
    ghosts: sum(({ ghosts, unexpected, malformed }) => ghosts + unexpected + malformed),
    'wrong-values': sum(({ wrongValues }) =>
      Object.values(wrongValues).reduce((total, count) => total + count, 0),
    ),
  }
  const counts = Object.entries(faults).map(([name, figure]) => goal(`cdc-${name}`, figure, 0))
  const ended = own.filter(({ endedBy }) => endedBy !== undefined).length
  return [...counts, goal('cdc-ended-early', ended, 0)]
}

function goal(name: string, figure: number, max: number): Goal {
  return { name, figure, target: atMost(max), unit: '' }
}

function perfGoals(results: readonly ScenarioResult[]): readonly Goal[] {
  const own = figuresOf(results, 'perf', ours)
  if (own === undefined) return []
  const cpuRows = own('cpuSecondsPerMillionRows')
  const cpuChanges = own('cpuSecondsPerMillionChanges')
  const goals: Goal[] = [
    { name: 'cdc-first-record', figure: own('firstRecordSeconds'), target: atMost(2), unit: 's' },
    { name: 'cdc-cpu-per-million-rows', figure: cpuRows, target: atMost(8), unit: 's' },
    { name: 'cdc-cpu-per-million-changes', figure: cpuChanges, target: atMost(10), unit: 's' },
  ]
  const theirs = figuresOf(results, 'perf', library)
  if (theirs !== undefined) {
    const rows = ratio(cpuRows, theirs('cpuSecondsPerMillionRows'))
    const changes = ratio(cpuChanges, theirs('cpuSecondsPerMillionChanges'))
    goals.push(
      { name: 'cdc-cpu-rows-of-library', figure: rows, target: atMost(0.55), unit: 'x' },
      { name: 'cdc-cpu-changes-of-library', figure: changes, target: atMost(0.55), unit: 'x' },
    )
  }
  const rust = figuresOf(results, 'perf', rivet)
  if (rust !== undefined) {
    const figure = ratio(own('snapshotRowsPerSecond'), rust('snapshotRowsPerSecond'))
    goals.push({ name: 'cdc-snapshot-of-rivet', figure, target: atLeast(0.8), unit: 'x' })
  }
  return goals
}

function backlogGoals(results: readonly ScenarioResult[]): readonly Goal[] {
  const own = figuresOf(results, 'backlog', ours)
  const theirs = figuresOf(results, 'backlog', library)
  if (own === undefined || theirs === undefined) return []
  const figure = ratio(own('drainedChangesPerSecond'), theirs('drainedChangesPerSecond'))
  return [{ name: 'cdc-backlog-of-library', figure, target: atLeast(1.5), unit: 'x' }]
}

/** The slowest restart of all kills. */
function restartGoals(results: readonly ScenarioResult[]): readonly Goal[] {
  const seconds = results
    .filter(({ peer }) => peer === ours)
    .flatMap(({ figures }) => figures['workingAgainSeconds'] ?? [])
    .filter((value) => typeof value === 'number')
  if (seconds.length === 0) return []
  const figure = Math.max(...seconds)
  return [{ name: 'cdc-working-again', figure, target: atMost(3), unit: 's' }]
}

function memoryGoals(results: readonly ScenarioResult[]): readonly Goal[] {
  const own = figuresOf(results, 'memory', ours)
  if (own === undefined) return []
  return [{ name: 'cdc-peak-memory', figure: own('peakMib'), target: atMost(300), unit: 'MiB' }]
}

type FigureOf = (name: string) => number | undefined

/** The median of every figure over all rounds; undefined: the scenario was not run. */
function figuresOf(
  results: readonly ScenarioResult[],
  scenario: ScenarioName,
  peer: string,
): FigureOf | undefined {
  const rounds = results.filter((result) => result.scenario === scenario && result.peer === peer)
  if (rounds.length === 0) return undefined
  return (name) => {
    const figures = rounds.map((round) => round.figures[name])
    const numbers = figures.filter((figure) => typeof figure === 'number')
    return numbers.length === rounds.length ? median(numbers) : undefined
  }
}

function ratio(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one / other
}
