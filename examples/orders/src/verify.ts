/**
 * Whether the committed files are what an undisturbed run gives. Shares nothing with the engine:
 * reads the files in the order of their names, replays them, and compares with what the database
 * says.
 */
import { parseChange } from './change-record.ts'
import { type Fault, Findings } from './findings.ts'
import { LogCheck } from './log-check.ts'
import { type JsonObject, listFiles, readRecords } from './output-files.ts'
import { Replay } from './replay.ts'
import { RevenueCheck } from './revenue-check.ts'
import type { Tables } from './tables.ts'
import type { LoggedTransaction } from './witness.ts'

export interface Evidence {
  /** The directories of the two kinds of files. */
  readonly changes: string
  readonly revenue: string
  /** What the tables hold in the end. */
  readonly tables: Tables
  /** What the database logged since before the job began. */
  readonly logged: readonly LoggedTransaction[]
  /**
   * A position in that log from which on the job must have every change, none being in its
   * snapshot.
   */
  readonly streamedSince: bigint
}

export interface Verification {
  readonly files: number
  readonly snapshotRows: number
  readonly streamedChanges: number
  readonly revenueRecords: number
  readonly faults: Readonly<Record<Fault, number>>
  /** Some of the faults, in words. */
  readonly examples: readonly string[]
}

/** Checks everything; what is wrong is in the result. */
export async function verify(evidence: Evidence): Promise<Verification> {
  const findings = new Findings()
  const replay = new Replay(findings)
  const log = new LogCheck(findings)
  const revenue = new RevenueCheck(findings)

  const changeFiles = await listFiles(evidence.changes)
  await eachRecord(changeFiles, findings, (record) => {
    const change = parseChange(record)
    if (!log.add(change)) return
    replay.apply(change)
    revenue.expect(change)
  })
  log.compareWith(evidence.logged, evidence.streamedSince)
  replay.compareWith(evidence.tables)

  const revenueFiles = await listFiles(evidence.revenue)
  await eachRecord(revenueFiles, findings, (record) => revenue.add(record))
  revenue.finish()

  return {
    files: changeFiles.length + revenueFiles.length,
    snapshotRows: log.snapshotRows,
    streamedChanges: log.streamedChanges,
    revenueRecords: revenue.records,
    faults: findings.counts,
    examples: findings.examples,
  }
}

async function eachRecord(
  files: readonly string[],
  findings: Findings,
  take: (record: JsonObject) => void,
): Promise<void> {
  for (const file of files) {
    try {
      for (const record of await readRecords(file)) take(record)
    } catch (error) {
      findings.add('altered', `${file}: ${String(error)}`)
    }
  }
}
