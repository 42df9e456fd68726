import { describe, expect, test } from 'vitest'
import type { KeyColumn } from '../../src/snapshot/key-order.ts'
import type { SnapshotRange } from '../../src/snapshot/key-range.ts'
import { mergeRanges, RangeIndex } from '../../src/snapshot/key-range.ts'

const columns: readonly KeyColumn[] = [{ name: 'id', order: 'native' }]

/** A query that sees the transactions below `xmax`. */
function range(end: string | undefined, inclusive: boolean, xmax: number): SnapshotRange {
  return { end: end === undefined ? undefined : [end], inclusive, snapshot: `${xmax}:${xmax}:` }
}

describe('ranges', () => {
  test('tell of every key what its query saw', () => {
    const index = new RangeIndex(columns, [
      range('10', false, 100),
      range('15', true, 200),
      range(undefined, false, 300),
    ])

    const seenFrom = (id: number): readonly boolean[] =>
      [99, 199, 299].map((transaction) => index.seen([id], transaction))

    expect(seenFrom(9)).toEqual([true, false, false])
    expect(seenFrom(10)).toEqual([true, true, false])
    expect(seenFrom(15)).toEqual([true, true, false])
    expect(seenFrom(16)).toEqual([true, true, true])
    expect(index.seenByAll(99)).toBe(true)
    expect(index.seenByAll(100)).toBe(false)
  })

  test('with one snapshot that lie side by side are joined', () => {
    const merged = mergeRanges([
      range('1', true, 100),
      range('2', false, 100),
      range('3', false, 200),
      range(undefined, false, 100),
    ])

    expect(merged).toEqual([
      range('2', false, 100),
      range('3', false, 200),
      range(undefined, false, 100),
    ])
  })
})
