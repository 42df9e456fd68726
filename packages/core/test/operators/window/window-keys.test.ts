import { describe, expect, test } from 'vitest'
import { randomBelow, SeededPrng } from '../../../src/common/prng.ts'
import { HashOrder } from '../../../src/operators/window/hash-order.ts'
import { MergedContents } from '../../../src/operators/window/merged-contents.ts'
import type { WindowContents } from '../../../src/operators/window/window-contents.ts'
import { WindowKeys } from '../../../src/operators/window/window-keys.ts'
import { type KeyIdentity, keyHash } from '../../../src/state/key.ts'
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
  return keysThrough(new WindowKeys(new MergedContents(collecting)), slices)
}

function keysThrough(keys: WindowKeys, slices: readonly StateTables[]): readonly unknown[] {
  keys.begin(slices)
  const found: unknown[] = []
  while (keys.next()) found.push([keys.identity, keys.hash, keys.contents])
  return found
}

describe('the keys of a window', () => {
  test('come by hash, with the contents of every slice that has them', () => {
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
      ['c', 1, 3],
      ['d', 3, 5],
      ['a', 7, [2, 4]],
      ['b', -5, 1],
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

  test('come in one order from however many tables, and from slices of any size', () => {
    const keys = Array.from({ length: 5000 }, (_, index) => index)
    const entries = keys.map((key) => ({ hash: keyHash(key, 'op'), key, contents: key }))
    const few = entries.filter(({ key }) => key % 1000 === 0)
    const spread = entries.map((entry) => ({ ...entry, table: entry.hash & 1 }))
    const expected = entries
      .toSorted((one, other) => (one.hash >>> 0) - (other.hash >>> 0))
      .map(({ hash, key }) => [key, hash, key % 1000 === 0 ? [key, key] : key])

    expect(keysOf([slice(entries), slice(few)])).toEqual(expected)
    expect(keysOf([slice(few), slice(spread)])).toEqual(expected)
  })

  test('are the same when windows come one after the other and share slices', () => {
    const prng = new SeededPrng(5)
    // Some hashes are of several keys, and some windows have more keys than others by far.
    const slices = Array.from({ length: 40 }, (_, at) => {
      const size = at > 20 && at < 26 ? 1500 : randomBelow(prng, 60)
      const keys = new Set(Array.from({ length: size }, () => randomBelow(prng, 2 * size)))
      return slice([...keys].map((key) => ({ hash: key >> 1, key: `k${key}`, contents: at })))
    })
    const keys = new WindowKeys(new MergedContents(collecting))

    let end = 0
    for (let at = 0; at < slices.length; at += randomBelow(prng, 3)) {
      end = Math.max(end, at + 1 + randomBelow(prng, 4))
      const window = slices.slice(at, end)
      if (at % 10 === 9) keys.reset()
      expect(keysThrough(keys, window)).toEqual(keysOf(window))
    }
  })

  test('are not gone through any more after a reset', () => {
    const tables = slice([{ hash: 1, key: 'a', contents: 1 }])
    const keys = new WindowKeys(new MergedContents(collecting))
    keys.begin([tables])

    keys.reset()

    expect(keys.next()).toBe(false)
    tables.findOrCreate(0).insert(2, 'b', 2)
    expect(keysThrough(keys, [tables])).toEqual([
      ['a', 1, 1],
      ['b', 2, 2],
    ])
  })

  test('of no slice are none', () => {
    expect(keysOf([])).toEqual([])
    expect(keysOf([slice([])])).toEqual([])
  })
})

describe('an order of hashes', () => {
  interface Hashed {
    readonly hash: number
    readonly index: number
  }

  function hashedFrom(first: number, count: number): Hashed[] {
    return Array.from({ length: count }, (_, offset) => ({
      hash: Math.imul((first + offset) % 500, 0x9e3779b1),
      index: first + offset,
    }))
  }

  function orderOf(things: readonly Hashed[]): HashOrder {
    const order = new HashOrder()
    for (const { hash, index } of things) order.add(hash, index)
    order.sort()
    return order
  }

  function thingsOf(order: HashOrder): readonly Hashed[] {
    return Array.from({ length: order.count }, (_, place) => ({
      hash: order.hashAt(place),
      index: order.indexAt(place),
    }))
  }

  function sorted(things: readonly Hashed[]): readonly Hashed[] {
    return things.toSorted(
      (one, other) => (one.hash >>> 0) - (other.hash >>> 0) || one.index - other.index,
    )
  }

  test('is that of unsigned numbers, and then of indexes', () => {
    const things = hashedFrom(0, 1000)
    expect(thingsOf(orderOf(things))).toEqual(sorted(things))
  })

  test.each([
    [0, 0, 0],
    [0, 700, 0],
    [700, 0, 0],
    [700, 40, 0],
    [40, 700, 13],
    [700, 700, 700],
  ])('merges %i with %i, and leaves out those below %i', (earlier, later, firstIndex) => {
    const things = hashedFrom(0, earlier + later)
    const order = new HashOrder()
    order.merge(orderOf(things.slice(0, earlier)), orderOf(things.slice(earlier)), firstIndex)
    expect(thingsOf(order)).toEqual(sorted(things.slice(firstIndex)))
  })
})
