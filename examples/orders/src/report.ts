/** What a person reads: a line for each event, and the table at the end. */
import type { DrillCounts } from './drill.ts'
import type { Verification } from './verify.ts'
import type { WorkloadCounts } from './workload.ts'

export interface Result {
  readonly rowsAtStart: number
  readonly rowsAtEnd: number
  readonly workload: WorkloadCounts
  readonly drill: DrillCounts
  readonly verification: Verification
  /** What the reader that looked on all the time has to complain about. */
  readonly complaints: readonly string[]
}

const startedAt = performance.now()

/** Prints an event, with the seconds since the start. */
export function say(event: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${seconds.padStart(6)} s  ${event}`)
}

/** Whether the promise was kept. */
export function isKept({ verification, complaints }: Result): boolean {
  const { lost, duplicated, altered } = verification.faults
  return lost + duplicated + altered + complaints.length === 0
}

/** The table. */
export function describeResult(result: Result): string {
  const { workload, drill, verification, complaints } = result
  const { faults } = verification
  const lines: readonly (readonly [string, number | string])[] = [
    ['rows in the tables, at the start', result.rowsAtStart],
    ['rows in the tables, at the end', result.rowsAtEnd],
    ['transactions', workload.transactions],
    ['  rolled back', workload.rolledBack],
    ['rows read by the snapshot', verification.snapshotRows],
    ['changes captured', verification.streamedChanges],
    ['running totals', verification.revenueRecords],
    ['files', verification.files],
    ['kills', drill.kills],
    ['  during a recovery', drill.killsInRecovery],
    ['recoveries', drill.recoveries],
    ['  the slowest', `${(drill.slowestRecoveryMs / 1000).toFixed(1)} s`],
    ['lost', faults.lost],
    ['duplicated', faults.duplicated],
    ['altered', faults.altered],
    ['files that changed or were half-written', complaints.length],
  ]
  const texts = lines.map(([name, value]) => [
    name,
    typeof value === 'number' ? value.toLocaleString('en-US') : value,
  ])
  const nameWidth = Math.max(...texts.map(([name = '']) => name.length))
  const valueWidth = Math.max(...texts.map(([, value = '']) => value.length))
  const table = texts.map(
    ([name = '', value = '']) => `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}`,
  )
  return [...table, ...[...verification.examples, ...complaints].map((line) => `  ! ${line}`)].join(
    '\n',
  )
}
