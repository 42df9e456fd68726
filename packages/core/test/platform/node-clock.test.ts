import { expect, test } from 'vitest'
import { NodeClock } from '../../src/platform/node-clock.ts'

test('a clock of the machine never goes back', () => {
  const clock = new NodeClock()

  const times = Array.from({ length: 100 }, () => clock.monotonic())

  expect(times).toEqual(times.toSorted((left, right) => left - right))
})

test('a clock of the machine tells the time of day in milliseconds', () => {
  const before = Date.now()

  const now = new NodeClock().now()

  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
})
