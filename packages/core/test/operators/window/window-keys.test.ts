import { describe, expect, test } from 'vitest'
import { HashOrder } from '../../../src/operators/window/hash-order.ts'
import { MergedContents } from '../../../src/operators/window/merged-contents.ts'
import type { WindowContents } from '../../../src/operators/window/window-contents.ts'
import { WindowKeys } from '../../../src/operators/window/window-keys.ts'
import type { KeyIdentity } from '../../../src/state/key.ts'
import { StateTables } from '../../../src/state/state-tables.ts'

interface Entry {
  readonly table?: number
  readonly hash: number
  readonly key: KeyIdentity
  readonly contents: unknown
}

function slice(entries: readonly Entry[]): StateTables {
  const tables = new StateTables(3)
  for (const { table = 0, hash, key, contents } of entries) {
    tables.findOrCreate(table).insert(hash, key, contents)
  }
  return tables
}

/** Contents of several slices become a list. */
const collecting: WindowContents = {
  create: () => [],
  add: (_contents, value) => value,
  merge: (list, contents) => [...(list as unknown[]), contents],
  result: (contents) => contents,
}

function keysOf(slices: readonly StateTables[]): readonly unknown[] {
  const keys = new WindowKeys(3, new MergedContents(collecting))
  keys.begin(slices)
  const found: unknown[] = []
  while (keys.next()) found.push([keys.identity, keys.hash, keys.contents])
  return found
}

describe('the keys of a window', () => {
  test('come by table and hash, with the contents of every slice that has them', () => {
    const early = slice([
      { hash: -5, key: 'b', contents: 1 },
      { hash: 7, key: 'a', contents: 2 },
      { table: 2, hash: 1, key: 'c', contents: 3 },
    ])
    const late = slice([
      { hash: 7, key: 'a', contents: 4 },
      { hash: 3, key: 'd', contents: 5 },
    ])

    expect(keysOf([early, late])).toEqual([
      ['d', 3, 5],
      ['a', 7, [2, 4]],
      ['b', -5, 1],
      ['c', 1, 3],
    ])
  })

  test('with the same hash stay apart, in an order that does not depend on history', () => {
    const entries = [
      { hash: 9, key: 'x', contents: 'x' },
      { hash: 9, key: 10, contents: 'ten' },
      { hash: 9, key: 'w', contents: 'w' },
    ]
    const forth = [slice(entries), slice(entries.slice(1))]
    const back = [slice(entries.toReversed()), slice(entries.slice(1).toReversed())]

    const found = keysOf(forth)
    expect(found).toEqual([
      [10, 9, ['ten', 'ten']],
      ['w', 9, ['w', 'w']],
      ['x', 9, 'x'],
    ])
    expect(keysOf(back)).toEqual(found)
  })

  test('of no slice are none', () => {
    expect(keysOf([])).toEqual([])
    expect(keysOf([slice([])])).toEqual([])
  })
})

test('hashes are ordered as unsigned numbers, and equal ones as they were added', () => {
  const order = new HashOrder()
  const hashes = Array.from({ length: 1000 }, (_, index) => Math.imul(index % 500, 0x9e3779b1))
  for (const hash of hashes) order.add(hash)
  order.sort()

  const expected = hashes
    .map((hash, index) => ({ hash, index }))
    .toSorted((one, other) => (one.hash >>> 0) - (other.hash >>> 0) || one.index - other.index)
  const places = Array.from({ length: order.count }, (_, place) => ({
    hash: order.hashAt(place),
    index: order.indexAt(place),
  }))
  expect(places).toEqual(expected)
})
