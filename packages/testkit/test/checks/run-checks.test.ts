import { expect, test } from 'vitest'
import type { AnyDriver, Check } from '../../src/checks/check.ts'
import { runCheck } from '../../src/checks/run-checks.ts'
import { RunLimit } from '../../src/checks/run-limit.ts'

const waits = { quietMs: 1, patienceMs: 1 }
const driver: AnyDriver = {
  name: 'nothing',
  module: import.meta.url,
  capabilities: {},
  versions: () => Promise.resolve({}),
  setup: () => Promise.resolve(''),
  clean: () => Promise.resolve(),
}

/** A check that fails with these seeds, and what it was run with. */
function checkThatFails(failing: readonly number[]): {
  readonly check: Check<AnyDriver>
  readonly ran: readonly number[]
} {
  const ran: number[] = []
  const check: Check<AnyDriver> = {
    name: 'a',
    level: 'L0',
    holds: 'it holds',
    proves: [],
    async run({ seed }) {
      ran.push(seed)
      await Promise.resolve()
      if (failing.includes(seed)) throw new Error(`seed ${seed}`)
    },
  }
  return { check, ran }
}

test('a check passes when it does with every seed', async () => {
  const { check, ran } = checkThatFails([])

  const result = await runCheck(check, driver, {
    ...waits,
    seeds: [1, 2, 3],
    limit: new RunLimit(2),
  })

  expect(result).toMatchObject({ status: 'passed', seeds: [1, 2, 3] })
  expect(ran).toEqual([1, 2, 3])
})

test('of seeds that run at once the first that fails is told, and no more are begun', async () => {
  const { check, ran } = checkThatFails([2, 1])

  const limit = new RunLimit(3)
  const result = await runCheck(check, driver, { ...waits, seeds: [3, 2, 1, 4], limit })

  expect(result).toMatchObject({ status: 'failed', seed: 2, cause: new Error('seed 2') })
  expect(ran).toEqual([3, 2, 1])
})

test('one seed is enough where all are the same', async () => {
  const { check, ran } = checkThatFails([])

  await runCheck({ ...check, once: true }, driver, { ...waits, seeds: [1, 2] })

  expect(ran).toEqual([1])
})
