import { describe, expect, test } from 'vitest'
import { runCheck, unreachedClaims } from '../../src/checks/run-checks.ts'
import { sourceKit } from '../../src/checks/source/source-checks.ts'
import type { SourceDriver } from '../../src/driver/source-driver.ts'
import { boundedLog, log, logDriver, table } from '../support/source/drivers.ts'
import { LogSource } from '../support/source/log-source.ts'

const settings = { seeds: [1], quietMs: 1, patienceMs: 1_000 }
const honest = logDriver('honest', log, (upstream) => new LogSource(upstream))

function outcome(name: string, driver: SourceDriver): Promise<unknown> {
  const check = sourceKit.checks.find((each) => each.name === name)
  if (check === undefined) throw new Error(`there is no check "${name}"`)
  return runCheck(check, driver, settings)
}

describe('what is declared', () => {
  test('holds for an honest source', async () => {
    expect(await outcome('spec.valid', honest)).toMatchObject({ status: 'passed' })
  })

  test('fails if the source says something else', async () => {
    const driver = { ...honest, capabilities: boundedLog }

    expect(await outcome('spec.valid', driver)).toMatchObject({
      status: 'failed',
      cause: {
        code: 'FLINKTS_CONFORMANCE_VIOLATED',
        message: expect.stringContaining('the source says continuous-unbounded') as string,
      },
    })
  })
})

describe('a claim', () => {
  test('is reached by the checks of an honest driver', () => {
    for (const capabilities of [log, boundedLog, table]) {
      expect(unreachedClaims({ ...honest, capabilities }, sourceKit)).toEqual([])
    }
  })

  test('that needs what the driver does not have is not', () => {
    const { acknowledged: _, killConnections: _kill, ...driver } = honest

    expect(unreachedClaims(driver, sourceKit)).toEqual(['prunesOnAck', 'reconnects'])
  })
})

describe('the list of checks', () => {
  test('has every crash point in every way', () => {
    const names = sourceKit.checks.map(({ name }) => name)
    const points = Array.from({ length: 8 }, (_, index) => `S${index + 1}`)
    const crashes = points.flatMap((point) =>
      ['throw', 'abandon', 'kill'].map((way) => `crash@${point}.${way}`),
    )

    const wanted = [...crashes, 'crash@S9.reconnect', 'crash@S9.cut', 'crash@S9.kill']
    expect(wanted.filter((name) => !names.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  test('says why one does not apply', async () => {
    expect(await outcome('resume.handoff', honest)).toMatchObject({
      status: 'skipped',
      reason: 'no snapshot before a stream is declared',
    })
  })
})
