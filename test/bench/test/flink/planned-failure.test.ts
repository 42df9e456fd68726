import { expect, test } from 'vitest'
import { PlannedFailure } from '../../flink/planned-failure.ts'

test('fails once when it is armed, and measures until the next record', async () => {
  let now = 0
  const failure = new PlannedFailure(true, () => now)

  failure.onRecord()
  failure.arm()
  expect(() => failure.onRecord()).toThrow('as planned')
  failure.arm()
  now = 250
  failure.onRecord()
  now = 900
  failure.onRecord()

  await expect(failure.recovered).resolves.toBe(250)
})

test('never fails when no failure is wanted', () => {
  const failure = new PlannedFailure(false, () => 0)

  failure.arm()

  expect(() => failure.onRecord()).not.toThrow()
})
