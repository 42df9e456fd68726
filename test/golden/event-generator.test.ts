import { expect, test } from 'vitest'
import { EventGenerator, initialState } from './event-generator.ts'
import { eventLine } from './event.ts'

const count = 500

test('goes on from its state as if nothing had been between', () => {
  const whole = new EventGenerator(initialState(42))
  let interrupted = new EventGenerator(initialState(42))

  for (let index = 0; index < count; index += 1) {
    interrupted = new EventGenerator(structuredClone(interrupted.state))
    expect(interrupted.next()).toEqual(whole.next())
  }
})

test('another seed makes other events of the same kinds', () => {
  const one = new EventGenerator(initialState(42))
  const other = new EventGenerator(initialState(-7))
  const lines = Array.from({ length: count }, () => [one.next(), other.next()] as const)

  expect(lines.every(([left, right]) => left.kind === right.kind)).toBe(true)
  expect(lines.every(([left, right]) => eventLine(left) !== eventLine(right))).toBe(true)
})
