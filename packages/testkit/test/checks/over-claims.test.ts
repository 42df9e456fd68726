import { describe, expect, test } from 'vitest'
import { runCheck, unreachedClaims } from '../../src/checks/run-checks.ts'
import { sinkKit } from '../../src/checks/sink/sink-checks.ts'
import type { SinkDriver } from '../../src/driver/sink-driver.ts'
import { append, fileDriver, twoPhase, upsert } from '../support/drivers.ts'
import { HonestSink } from '../support/honest-sink.ts'
import { appendSink } from '../support/plain-sinks.ts'

const settings = { seeds: [1], quietMs: 1, patienceMs: 1000 }
const honest = fileDriver('honest', twoPhase, (target) => new HonestSink(target))

async function specOf(driver: SinkDriver): Promise<unknown> {
  const check = sinkKit.checks.find(({ name }) => name === 'spec.valid')
  return check === undefined ? undefined : runCheck(check, driver, settings)
}

describe('what is declared', () => {
  test('holds for an honest sink', async () => {
    expect(await specOf(honest)).toMatchObject({ status: 'passed' })
  })

  test('fails if the sink says less', async () => {
    const driver = fileDriver('more', twoPhase, (target) => appendSink(target))

    expect(await specOf(driver)).toMatchObject({
      status: 'failed',
      cause: {
        code: 'FLINKTS_CONFORMANCE_VIOLATED',
        message: expect.stringContaining('the sink says at-least-once') as string,
      },
    })
  })

  test('fails if the sink says more', async () => {
    expect(await specOf({ ...honest, capabilities: append })).toMatchObject({ status: 'failed' })
  })
})

describe('a claim', () => {
  test('is reached by the checks of an honest driver', () => {
    for (const capabilities of [twoPhase, upsert, append]) {
      expect(unreachedClaims({ ...honest, capabilities }, sinkKit)).toEqual([])
    }
  })

  test('that needs what the driver does not have is not', () => {
    const { removePrepared: _, ...driver } = honest

    expect(unreachedClaims(driver, sinkKit)).toEqual(['maxPreparedAgeMs'])
  })

  test('that only checks left out would reach is not', () => {
    const fewer = sinkKit.checks.filter(({ proves }) => !proves.includes('fencing'))

    expect(unreachedClaims(honest, { ...sinkKit, checks: fewer })).toEqual(['fencing'])
  })
})

describe('the list of checks', () => {
  test('has every crash point in every way', () => {
    const names = sinkKit.checks.map(({ name }) => name)
    const points = Array.from({ length: 12 }, (_, index) => `K${index + 1}`)
    const ways = ['throw', 'abandon', 'kill']

    const wanted = points.flatMap((point) => ways.map((way) => `crash@${point}.${way}`))
    expect(wanted.filter((name) => !names.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  test('says why one does not apply', async () => {
    const check = sinkKit.checks.find(({ name }) => name === 'commit.twice')
    const driver = fileDriver('append', append, (target) => appendSink(target))

    expect(check === undefined ? undefined : await runCheck(check, driver, settings)).toMatchObject(
      {
        status: 'skipped',
        reason: '"append" prepares nothing',
      },
    )
  })
})
