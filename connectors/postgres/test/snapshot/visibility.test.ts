import { describe, expect, test } from 'vitest'
import { parseSnapshot, sees, transactionsLeft } from '../../src/snapshot/visibility.ts'

describe('a snapshot', () => {
  test('is read from its text', () => {
    expect(parseSnapshot('10:20:12,15')).toEqual({ xmin: 10, xmax: 20, running: new Set([12, 15]) })
    expect(parseSnapshot('7:7:')).toEqual({ xmin: 7, xmax: 7, running: new Set() })
  })

  test('is not read from anything else', () => {
    expect(() => parseSnapshot('7:7')).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })

  test.for([
    [9, true],
    [10, true],
    [12, false],
    [19, true],
    [20, false],
    [21, false],
  ] as const)('of 10:20:12 sees transaction %i: %s', ([id, seen]) => {
    expect(sees(parseSnapshot('10:20:12'), id)).toBe(seen)
  })

  test('tells ids beyond 32 bits by their lower half', () => {
    const epoch = 5 * 2 ** 32
    const snapshot = parseSnapshot(`${epoch - 2}:${epoch + 3}:${epoch - 1},${epoch + 1}`)

    const seen = [-3, -2, -1, 0, 1, 2, 3].map((offset) => {
      const lowerHalf = (epoch + offset) % 2 ** 32
      return sees(snapshot, lowerHalf)
    })

    expect(seen).toEqual([true, true, false, true, false, true, false])
  })
})

describe('transactions that were running', () => {
  test('are left while a later snapshot lists them', () => {
    const earlier = parseSnapshot('10:20:10,12,15')

    expect(transactionsLeft(earlier, parseSnapshot('12:30:12,25'))).toEqual([12])
    expect(transactionsLeft(earlier, parseSnapshot('25:30:25'))).toEqual([])
  })
})
