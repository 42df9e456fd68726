import { describe, expect, test } from 'vitest'
import { type CheckResult, runCheck } from '../src/checks/run-checks.ts'
import { sinkKit } from '../src/checks/sink/sink-checks.ts'
import type { SinkDriver } from '../src/driver/sink-driver.ts'
import { driver as appending } from './support/append-driver.ts'
import { brokenDriver } from './support/broken-driver.ts'
import { brokenSinks } from './support/broken-sinks.ts'
import { driver as twoPhase } from './support/honest-driver.ts'
import { driver as upserting } from './support/upsert-driver.ts'

const settings = { seeds: [1, 2], quietMs: 60, patienceMs: 1000 }

async function outcome(name: string, driver: SinkDriver): Promise<CheckResult> {
  const check = sinkKit.checks.find((each) => each.name === name)
  if (check === undefined) throw new Error(`there is no check "${name}"`)
  return runCheck(check, driver, settings)
}

const meantChecks = [...new Set(Object.values(brokenSinks).map(({ caughtBy }) => caughtBy))]

describe('an honest sink', () => {
  const drivers = [twoPhase, appending, upserting]

  test.each(meantChecks)('passes %s, if that applies', async (name) => {
    const outcomes = await Promise.all(drivers.map((driver) => outcome(name, driver)))

    expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([])
    expect(outcomes.map(({ status }) => status)).toContain('passed')
  })
})

describe.concurrent('a sink that breaks one promise', () => {
  test.each(Object.entries(brokenSinks))('%s is caught', async (name, { caughtBy }) => {
    expect(await outcome(caughtBy, brokenDriver(name))).toMatchObject({
      name: caughtBy,
      status: 'failed',
    })
  })
})
