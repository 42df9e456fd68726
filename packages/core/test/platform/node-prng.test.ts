import { expect, test } from 'vitest'
import { NodePrng } from '../../src/platform/node-prng.ts'

test('random numbers are from 0 (inclusive) to 1 (exclusive), and differ', () => {
  const prng = new NodePrng()

  const numbers = Array.from({ length: 1000 }, () => prng.next())

  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
  expect(new Set(numbers).size).toBeGreaterThan(990)
  expect(numbers.some((number) => number < 0.1)).toBe(true)
  expect(numbers.some((number) => number > 0.9)).toBe(true)
})
