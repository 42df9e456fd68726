import { unreachable } from '@flinkts/core/connector'
import type { AnyDriver } from '../checks/check.ts'
import type { CheckResult } from '../checks/run-checks.ts'

/**
 * What a run of the kit found, as `conformance.json` keeps it. Nothing in it depends on when or
 * where it was run, but on what was tested; only `seconds` does.
 *
 * @public
 */
export interface ConformanceReport {
  /** Of this format. */
  readonly version: 1
  /** The name of the driver. */
  readonly connector: string
  /** What is declared, by the names of `SinkCapabilities` or `SourceCapabilities`. */
  readonly capabilities: Readonly<Record<string, string>>
  /** What was tested, as the driver says. */
  readonly versions: Readonly<Record<string, string>>
  /** How many checks passed, failed, and do not apply. */
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** How long the run took. */
  readonly seconds: number
  /** All checks of the kit, in its order. */
  readonly checks: readonly ReportedCheck[]
}

/** One check in a report. @public */
export interface ReportedCheck {
  readonly name: string
  /**
   * `L0`: the contract of the interfaces; `L2`: what a source gives again; `L3`: commits and
   * crashes; `L4`: what changes in the course of time.
   */
  readonly level: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** What it holds; of a skipped one, why it was. */
  readonly says: string
  /** The seeds that it passed with: `1-20`. */
  readonly seeds?: string
}

/** @internal */
export async function conformanceReport(
  driver: AnyDriver,
  results: readonly CheckResult[],
  seconds: number,
): Promise<ConformanceReport> {
  const count = (status: CheckResult['status']): number =>
    results.filter((result) => result.status === status).length
  return {
    version: 1,
    connector: driver.name,
    capabilities: Object.fromEntries(
      Object.entries(driver.capabilities).map(([name, value]) => [name, String(value)]),
    ),
    versions: await driver.versions(),
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    seconds,
    checks: results.map(reported),
  }
}

/** The report as a page of Markdown. @internal */
export function reportPage(report: ConformanceReport): string {
  const { connector, capabilities, versions, seconds, checks } = report
  const claims = Object.entries(capabilities).map(([name, value]) => `| ${name} | ${value} |`)
  const rows = checks.map(
    ({ name, level, status, seeds = '', says }) =>
      `| \`${name}\` | ${level} | ${status} | ${seeds} | ${says} |`,
  )
  const tested = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `# Conformance: ${connector}`,
    '',
    '<!-- Made by a run of the conformance kit. -->',
    '',
    `**${report.passed} passed, ${report.failed} failed, ${report.skipped} do not apply**; ` +
      `tested: ${tested.join(', ')}; ${seconds} s.`,
    '',
    '| declared | |',
    '| --- | --- |',
    ...claims,
    '',
    '| check | level | | seeds | holds |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function reported(result: CheckResult): ReportedCheck {
  const { name, level, status } = result
  switch (result.status) {
    case 'passed':
      return { name, level, status, says: result.holds, seeds: rangeOf(result.seeds) }
    case 'skipped':
      return { name, level, status, says: result.reason }
    case 'failed':
      return { name, level, status, says: result.holds, seeds: String(result.seed) }
    default:
      return unreachable(result)
  }
}

/** Seeds follow each other. */
function rangeOf(seeds: readonly number[]): string {
  const [first] = seeds
  const last = seeds.at(-1)
  return first === last ? String(first) : `${first}-${last}`
}
