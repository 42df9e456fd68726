import { expect, test } from 'vitest'
import { PlannedFailure } from '../../flink/planned-failure.ts'

test('fails once when it is armed, and measures until the next record', async () => {
  let now = 0
  const failure = new PlannedFailure(() => now)

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

test('does not fail before it is armed', () => {
  const failure = new PlannedFailure(() => 0)

  expect(() => failure.onRecord()).not.toThrow()
})
