import { mkdirSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { AnyDriver, Check, Kit } from '../checks/check.ts'
import {
  type CheckResult,
  runCheck,
  type RunSettings,
  unreachedClaims,
} from '../checks/run-checks.ts'
import { RunLimit } from '../checks/run-limit.ts'
import { failureOf } from '../report/failure.ts'
import {
  type ConformanceReport,
  conformanceReport,
  reportPage,
} from '../report/conformance-report.ts'

/** What a run of the kit leaves. @public */
export interface DescribeOptions {
  /**
   * The folder that a full run writes `conformance.json` and `conformance.md` into: a `file:` URL
   * that ends in `/`. Default: no report.
   */
  readonly report?: URL
}

interface Effort {
  /** Seeds of checks in this process, and of those that start processes. */
  readonly seedCount: number
  readonly killSeedCount: number
  /** See `CheckContext.quietMs`. */
  readonly quietMs: number
}

const quick: Effort = { seedCount: 2, killSeedCount: 1, quietMs: 20 }
const full: Effort = { seedCount: 10, killSeedCount: 4, quietMs: 100 }
/** They wait most of the time, for the system that is tested. */
const runsAtOnce = 4
const patienceMs = 30_000
const checkMsMax = 300_000

/**
 * The tests of a connector, for Vitest: one for every check of the kit that applies to what its
 * driver declares.
 *
 * @internal
 */
export function describeConnector<Driver extends AnyDriver>(
  driver: Driver,
  kit: Kit<Driver>,
  options: DescribeOptions,
): void {
  const thorough = process.env['FLINKTS_CONFORMANCE'] === 'full'
  const seed = process.env['FLINKTS_SEED']
  const results: CheckResult[] = []
  const limit = new RunLimit(runsAtOnce)
  const startMs = performance.now()
  const seconds = (): number => Math.round((performance.now() - startMs) / 1000)
  const run = async (check: Check<Driver>): Promise<CheckResult> => {
    const settings = settingsOf(check, thorough ? full : quick, seed)
    const result = await runCheck(check, driver, { ...settings, limit, writesStates: thorough })
    results.push(result)
    return result
  }
  const applies = (check: Check<Driver>): boolean =>
    check.needs?.(driver.capabilities, driver) === undefined
  const chosen = kit.checks.filter(applies)
  const tell = (news: string): void => {
    const progress = `${results.length} of ${chosen.length} checks, ${seconds()} s`
    process.stdout.write(`${driver.name}: ${news} (${progress})\n`)
  }
  describe.concurrent(driver.name, () => {
    test('capabilities.reached', () => {
      expect(unreachedClaims(driver, kit), 'declared, and reached by no check').toEqual([])
    })
    for (const check of chosen) {
      test(check.name, { timeout: checkMsMax }, async ({ task }) => {
        const result = await run(check)
        if (thorough) tell(`${check.name}: ${result.status}`)
        if (result.status !== 'failed') return
        const file = relative(process.cwd(), task.file.filepath)
        throw failureOf(result, { connector: driver.name, file })
      })
    }
    afterAll(async () => {
      // A part of the checks, or one seed, is no evidence.
      const whole = results.length === chosen.length
      if (options.report === undefined || !thorough || seed !== undefined || !whole) return
      for (const check of kit.checks) if (!applies(check)) await run(check)
      const order = kit.checks.map(({ name }) => name)
      const sorted = results.toSorted(
        (left, right) => order.indexOf(left.name) - order.indexOf(right.name),
      )
      const report = await conformanceReport(driver, sorted, seconds())
      writeReport(report, options.report)
    })
  })
}

function settingsOf(
  { name }: { readonly name: string },
  effort: Effort,
  seed: string | undefined,
): Omit<RunSettings, 'limit'> {
  const count = name.endsWith('.kill') ? effort.killSeedCount : effort.seedCount
  const seeds = Array.from({ length: count }, (_, index) => index + 1)
  const chosen = seed === undefined ? seeds : [Number(seed)]
  return { seeds: chosen, quietMs: effort.quietMs, patienceMs }
}

function writeReport(report: ConformanceReport, folder: URL): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('conformance.json', folder), `${JSON.stringify(report, undefined, 2)}\n`)
  writeFileSync(new URL('conformance.md', folder), reportPage(report))
}
