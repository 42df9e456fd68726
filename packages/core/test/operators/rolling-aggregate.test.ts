import { describe, expect, test } from 'vitest'
import type { Reduction } from '../../src/operators/reduce.ts'
import { extremeBy, extremeOf, sumOf } from '../../src/operators/rolling-aggregate.ts'

interface Reading {
  readonly id: string
  readonly value: unknown
}

/** What each record is reduced to with those before it, as `id value`. */
function roll({ checkFirst, reduce }: Reduction, values: readonly unknown[]): readonly string[] {
  let reduced: unknown
  return values.map((value, index) => {
    const reading = { id: `r${index}`, value }
    if (reduced === undefined) checkFirst?.(reading)
    reduced = reduced === undefined ? reading : reduce(reduced, reading)
    const { id, value: current } = reduced as Reading
    return `${id} ${String(current)}`
  })
}

describe('sum', () => {
  test.each([
    ['numbers', [1, -2, 0.5], ['r0 1', 'r0 -1', 'r0 -0.5']],
    ['bigints', [2n ** 64n, 1n], ['r0 18446744073709551616', 'r0 18446744073709551617']],
  ])('adds %s into the first record', (_what, values, expected) => {
    expect(roll(sumOf('value'), values)).toEqual(expected)
  })

  test.each([
    [
      'a number and a bigint',
      [1, 1n],
      'field "value" cannot be summed, it holds number and bigint',
    ],
    ['nothing', [undefined], 'field "value" cannot be summed, it holds undefined'],
  ])('refuses %s', (_what, values, message) => {
    expect(() => roll(sumOf('value'), values)).toThrow(message)
  })
})

describe('min and max', () => {
  test('keep the first record, with the field updated', () => {
    expect(roll(extremeOf('value', -1), [5, 3, 4, 3, 1])).toEqual([
      'r0 5',
      'r0 3',
      'r0 3',
      'r0 3',
      'r0 1',
    ])
    expect(roll(extremeOf('value', 1), [5, 3, 7])).toEqual(['r0 5', 'r0 5', 'r0 7'])
  })
})

describe('minBy and maxBy', () => {
  test('give the whole record, the first of equal ones', () => {
    expect(roll(extremeBy('value', -1), [5, 3, 4, 3, 1])).toEqual([
      'r0 5',
      'r1 3',
      'r1 3',
      'r1 3',
      'r4 1',
    ])
    expect(roll(extremeBy('value', 1), [5, 7, 7, 6])).toEqual(['r0 5', 'r1 7', 'r1 7', 'r1 7'])
  })

  test('go by what a function selects', () => {
    const negated = (value: unknown): number => -Number((value as Reading).value)

    expect(roll(extremeBy(negated, -1), [5, 7, 6])).toEqual(['r0 5', 'r1 7', 'r1 7'])
  })

  test.each([
    ['bigints', [2n, 3n, 1n], 'r1 3'],
    ['strings', ['b', 'c', 'a'], 'r1 c'],
    ['dates', [new Date(2), new Date(3), new Date(1)], `r1 ${String(new Date(3))}`],
    ['numbers, of which NaN is the greatest', [1, Number.NaN, 2], 'r1 NaN'],
  ])('compare %s', (_what, values, expected) => {
    expect(roll(extremeBy('value', 1), values).at(-1)).toBe(expected)
  })

  test('never find NaN the smallest', () => {
    expect(roll(extremeBy('value', -1), [Number.NaN, 2, Number.NaN])).toEqual([
      'r0 NaN',
      'r1 2',
      'r1 2',
    ])
  })

  test.each([
    ['values of two kinds', [1, 'a'], 'string and number have no order'],
    ['values without order', [true], 'boolean and boolean have no order'],
  ])('refuse %s', (_what, values, message) => {
    expect(() => roll(extremeBy('value', 1), values)).toThrow(message)
  })
})
