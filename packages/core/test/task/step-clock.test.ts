import { expect, test } from 'vitest'
import { StepClock } from '../../src/task/step-clock.ts'

test('the clock of a task is read once a step, when somebody asks, and stands still in it', () => {
  let reads = 0
  const clock = { now: () => (reads += 1), monotonic: () => 0 }
  const steps = new StepClock(clock)

  steps.begin()
  expect(reads).toBe(0)
  expect([steps.now(), steps.now()]).toEqual([1, 1])
  steps.begin()
  steps.begin()

  expect([steps.now(), steps.now()]).toEqual([2, 2])
})

test('what is to be done once a step sees the time of the step', () => {
  let time = 10
  const steps = new StepClock({ now: () => time, monotonic: () => 0 })
  const seen: number[] = []
  steps.onStep(() => void seen.push(steps.now()))

  steps.begin()
  time = 20
  steps.begin()

  expect(seen).toEqual([10, 20])
})
