import { describe, expect, test } from 'vitest'
import { type CheckResult, runCheck } from '../src/checks/run-checks.ts'
import { sourceKit } from '../src/checks/source/source-checks.ts'
import type { SourceDriver } from '../src/driver/source-driver.ts'
import { driver as boundedLog } from './support/source/bounded-log-driver.ts'
import { brokenSourceDriver } from './support/source/broken-source-driver.ts'
import { brokenSources } from './support/source/broken-sources.ts'
import { driver as log } from './support/source/log-driver.ts'
import { driver as table } from './support/source/table-driver.ts'

const settings = { seeds: [1, 2], quietMs: 20, patienceMs: 1_500 }
// Honest ones may take their time on a machine that has much to do.
const patient = { ...settings, patienceMs: 20_000 }

async function outcome(name: string, driver: SourceDriver, waits = settings): Promise<CheckResult> {
  const check = sourceKit.checks.find((each) => each.name === name)
  if (check === undefined) throw new Error(`there is no check "${name}"`)
  return runCheck(check, driver, waits)
}

const meantChecks = [...new Set(Object.values(brokenSources).map(({ caughtBy }) => caughtBy))]

describe('an honest source', () => {
  const drivers = [log, boundedLog, table]

  test.each(meantChecks)('passes %s, if that applies', async (name) => {
    const outcomes = await Promise.all(drivers.map((driver) => outcome(name, driver, patient)))

    expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([])
    expect(outcomes.map(({ status }) => status)).toContain('passed')
  })
})

// They wait until the kit has lost its patience: some do at a time.
describe.concurrent('a source that breaks one promise', () => {
  test.each(Object.entries(brokenSources))('%s is caught', async (name, { caughtBy }) => {
    expect(await outcome(caughtBy, brokenSourceDriver(name))).toMatchObject({
      name: caughtBy,
      status: 'failed',
    })
  })
})
