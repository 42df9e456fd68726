import { describe, expect, it } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { keyHash } from '../../src/state/key.ts'
import { hashRange, SlotIndex } from '../../src/state/slot-index.ts'

describe('a slot index', () => {
  const hashings: readonly (readonly [string, (key: number) => number])[] = [
    ['of integers', (key) => keyHash(key, 'op')],
    ['of integers, but for one', (key) => (key === 50 ? 12_345 : keyHash(key, 'op'))],
    ['spread', (key) => Math.imul(key, 0x9e3779b1)],
    ['clustered in the last buckets', (key) => -1 - (key % 3)],
    ['all equal', () => 12_345],
    ['of two runs that meet', (key) => (key % 2 === 0 ? 0 : 1 << 28)],
  ]
  it.each(hashings)('finds what was added and not removed, with hashes %s', (_, hashOf) => {
    const prng = new SeededPrng(9)
    const index = new SlotIndex()
    index.resize(3000)
    const slots = new Map<number, number>()
    for (let i = 0; i < 3000; i += 1) {
      const key = randomBelow(prng, 60)
      const slot = slots.get(key)
      expect(index.find(hashOf(key), key)).toBe(slot ?? -1)
      if (slot === undefined) {
        index.add(hashOf(key), key, i)
        slots.set(key, i)
      } else if (prng.next() < 0.6) {
        index.remove(hashOf(key), slot)
        slots.delete(key)
      }
      expect(slot === undefined ? index.keyAt(i) : key).toBe(key)
      expect(index.size).toBe(slots.size)
    }

    for (let key = 0; key < 60; key += 1) {
      expect(index.find(hashOf(key), key)).toBe(slots.get(key) ?? -1)
    }
  })

  it.each(hashings)('divides its keys by ranges of hashes %s', (_, hashOf) => {
    const index = new SlotIndex()
    index.resize(500)
    for (let key = 0; key < 500; key += 1) index.add(hashOf(key), key, key)

    for (const bits of [0, 1, 5, 12]) {
      const ranges: (readonly (readonly [number, number])[])[] = []
      for (let at = 0; at < 2 ** bits; at += 1) {
        const found: [number, number][] = []
        index.forEachOf(hashRange(at, bits), (slot, hash) => found.push([hash, slot]))
        ranges.push(found)
      }
      const slots = ranges.flat().map(([, slot]) => slot)
      expect(slots.toSorted((one, other) => one - other)).toEqual([...Array(500).keys()])
      expect(ranges.flat().every(([hash, slot]) => hash === hashOf(slot))).toBe(true)
      const places = ranges.flatMap((found, at) => found.map(([hash]) => [rangeOf(hash, bits), at]))
      expect(places.every(([expected, at]) => expected === at)).toBe(true)
    }
  })

  it('tells keys of one hash apart by their value', () => {
    const index = new SlotIndex()
    index.resize(2)
    index.add(7, 1, 0)
    index.add(7, '1', 1)

    expect(index.find(7, '1')).toBe(1)
    expect(index.find(7, 1)).toBe(0)
    expect(index.find(7, 1n)).toBe(-1)
  })
})

/** The range that a hash is in, by its high bits. */
function rangeOf(hash: number, bits: number): number {
  return Math.floor((hash >>> 0) / 2 ** (32 - bits))
}
