import { describe, expect, it } from 'vitest'
import { isInt32, SlotColumn } from '../../src/state/slot-column.ts'

const int32s = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]
const otherNumbers = [
  -0,
  0.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  5e-324,
  -1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]
const others = ['text', true, 7n, { count: 1 }, [1, 2]]

/** The same, when every value is set in turn, and all of them are read after each. */
function readAfterEach(values: readonly unknown[]): readonly (readonly unknown[])[] {
  const column = new SlotColumn()
  return values.map((value, slot) => {
    column.resize(slot + 1)
    column.set(slot, value)
    return Array.from({ length: slot + 1 }, (_, at) => column.get(at))
  })
}

describe('a column', () => {
  const orders: readonly (readonly [string, readonly unknown[]])[] = [
    ['integers, then other numbers, then other values', [...int32s, ...otherNumbers, ...others]],
    ['integers, then other values', [...int32s, ...others, ...otherNumbers]],
    ['other numbers first', [...otherNumbers, ...int32s, ...others]],
    ['other values first', [...others, ...otherNumbers, ...int32s]],
  ]
  it.each(orders)('gives what was set, exactly: %s', (_, values) => {
    const prefixes = Array.from(values.keys(), (slot) => values.slice(0, slot + 1))

    expect(readAfterEach(values)).toStrictEqual(prefixes)
  })

  it('takes -0 for no integer of 32 bits', () => {
    expect(int32s.filter((value) => isInt32(value))).toStrictEqual(int32s)
    expect([...otherNumbers, ...others].filter((value) => isInt32(value))).toStrictEqual([])
  })
})
