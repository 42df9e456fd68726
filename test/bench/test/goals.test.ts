import { expect, test } from 'vitest'
import { atLeast, atMost, type Goal, goalLine, isReached } from '../goals.ts'

function goal(figure: number | undefined, target: Goal['target'], unit = ''): Goal {
  return { name: 'some-goal', figure, target, unit }
}

test.each([
  [goal(0, atMost(0)), 'goal: some-goal 0 (target <= 0) ok'],
  [goal(1, atMost(0)), 'goal: some-goal 1 (target <= 0) short'],
  [goal(1.2345, atMost(2), 's'), 'goal: some-goal 1.23 s (target <= 2 s) ok'],
  [goal(0.8, atLeast(0.8), 'x'), 'goal: some-goal 0.8 x (target >= 0.8 x) ok'],
  [goal(0.7999, atLeast(0.8), 'x'), 'goal: some-goal 0.7999 x (target >= 0.8 x) short'],
  [goal(2.0004, atMost(2), 's'), 'goal: some-goal 2.0004 s (target <= 2 s) short'],
  [goal(123_456.7, atLeast(1000)), 'goal: some-goal 123457 (target >= 1000) ok'],
  [goal(undefined, atMost(300), 'MiB'), 'goal: some-goal unknown (target <= 300 MiB) short'],
  [goal(Number.NaN, atMost(300), 'MiB'), 'goal: some-goal unknown (target <= 300 MiB) short'],
])('says %j in one line', (given, line) => {
  expect(goalLine(given)).toBe(line)
})

test('a figure that could not be measured reaches no target', () => {
  expect(isReached(goal(undefined, atLeast(0)))).toBe(false)
  expect(isReached(goal(Number.NaN, atMost(1)))).toBe(false)
})
