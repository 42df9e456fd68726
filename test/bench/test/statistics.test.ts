import { expect, test } from 'vitest'
import { parseStat } from '../process-stat.ts'
import { median, rounded } from '../statistics.ts'

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
  [[], Number.NaN],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})

test('rounds to digits', () => {
  expect(rounded(1.005_1)).toBe(1.01)
  expect(rounded(1234.56, 1)).toBe(1234.6)
})

test('reads the line of a process whose name holds spaces and brackets', () => {
  const fields = ['S', 1, 4242, 4242, 0, -1, 0, 0, 0, 0, 0, 150, 50, 20, 30, 20, 0, 1]
  const line = `77 (a (strange) name) ${fields.join(' ')}`

  expect(parseStat(line)).toEqual({ pid: 77, session: 4242, cpuSeconds: 2.5 })
})
