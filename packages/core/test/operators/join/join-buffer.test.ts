import { expect, test } from 'vitest'
import {
  createJoinBuffer,
  firstAt,
  insert,
  type JoinBuffer,
  removeUpTo,
} from '../../../src/operators/join/join-buffer.ts'

function bufferOf(...records: readonly (readonly [string, number])[]): JoinBuffer {
  const buffer = createJoinBuffer()
  for (const [value, timestamp] of records) insert(buffer, value, timestamp)
  return buffer
}

const mixed = bufferOf(['c', 3], ['a', 1], ['c2', 3], ['b', 2], ['a2', 1], ['e', 5])

test('a join buffer is in the order of timestamps, and of arrival', () => {
  expect(mixed.values).toEqual(['a', 'a2', 'b', 'c', 'c2', 'e'])
  expect(mixed.timestamps).toEqual([1, 1, 2, 3, 3, 5])
})

test.each([
  [0, 0],
  [1, 0],
  [2, 2],
  [3, 3],
  [4, 5],
  [5, 5],
  [6, 6],
])('a join buffer finds the first record from %i on: index %i', (timestamp, index) => {
  expect(firstAt(mixed, timestamp)).toBe(index)
})

test.each([
  [0, 0, 0],
  [1, 0, 2],
  [2, 1, 2],
  [4, 1, 5],
  [4, 0, 5],
  [Infinity, 1, 6],
])('a join buffer removes what is old at %i if kept for %i: %i records', (until, retain, count) => {
  const buffer = { timestamps: [...mixed.timestamps], values: [...mixed.values] }

  const removed = removeUpTo(buffer, retain, until)

  expect(removed).toBe(count)
  expect(buffer.timestamps).toEqual(mixed.timestamps.slice(count))
  expect(buffer.values).toEqual(mixed.values.slice(count))
})
