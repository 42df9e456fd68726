import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import { RestartPolicy, type RestartStrategy } from '../../src/scheduler/restart-strategy.ts'

const failure = new FlinktsError('FLINKTS_TASK_FAILED', 'it broke', { hint: 'Mend it.' })
const exponential: RestartStrategy = {
  type: 'exponential-delay',
  initialDelayMs: 100,
  multiplier: 2,
  delayMsMax: 500,
  attemptsMax: 5,
  resetAfterMs: 10_000,
}

function policyOf(strategy: RestartStrategy, random = 0.5): RestartPolicy {
  return new RestartPolicy(strategy, { next: () => random })
}

function delays(policy: RestartPolicy, runsMs: readonly number[]): readonly number[] {
  return runsMs.map((runMs) => policy.nextDelayMs(failure, runMs))
}

describe('the restart policy', () => {
  test('restarts nothing if there is no strategy', () => {
    const policy = policyOf({ type: 'none' })

    expect(() => policy.nextDelayMs(failure, 5)).toThrow(failure)
  })

  test('restarts nothing that a restart cannot help', () => {
    const policy = policyOf(exponential)
    const fatal = new FlinktsError('FLINKTS_KEY_INVALID', 'no key')

    expect(() => policy.nextDelayMs(fatal, 5)).toThrow(fatal)
    expect(policy.restarts).toBe(0)
  })

  test('waits as long every time, and gives up, with a fixed delay', () => {
    const policy = policyOf({ type: 'fixed-delay', attemptsMax: 2, delayMs: 30 })

    const waits = delays(policy, [1, 1_000_000])

    expect(waits).toEqual([30, 30])
    expect(() => policy.nextDelayMs(failure, 1)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_RESTARTS_EXHAUSTED',
        message: 'the job failed again after 2 restarts: it broke',
        hint: 'Mend it.',
        cause: failure,
      }),
    )
  })

  test('waits longer every time, up to a limit, and gives up', () => {
    const policy = policyOf(exponential)

    const waits = delays(policy, [1, 1, 1, 1, 1])

    expect(waits).toEqual([100, 200, 400, 500, 500])
    expect(() => policy.nextDelayMs(failure, 1)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_RESTARTS_EXHAUSTED' }),
    )
  })

  test('begins anew after a run that was long enough', () => {
    const policy = policyOf(exponential)

    const waits = delays(policy, [1, 1, 9999, 10_000])

    expect(waits).toEqual([100, 200, 400, 100])
    expect(policy.restarts).toBe(1)
  })

  test('spreads restarts by a tenth', () => {
    const [lowest, highest] = [0, 1].map((random) => policyOf(exponential, random))

    expect(lowest?.nextDelayMs(failure, 1)).toBeCloseTo(90)
    expect(highest?.nextDelayMs(failure, 1)).toBeCloseTo(110)
    const random = new RestartPolicy(exponential, new SeededPrng(1)).nextDelayMs(failure, 1)
    expect(random).not.toBe(100)
  })
})
