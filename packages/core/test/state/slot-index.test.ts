import { describe, expect, it } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { SlotIndex } from '../../src/state/slot-index.ts'

describe('a slot index', () => {
  const hashings: readonly (readonly [string, (key: number) => number])[] = [
    ['spread', (key) => Math.imul(key, 0x9e3779b1)],
    ['clustered in the last buckets', (key) => -1 - (key % 3)],
    ['all equal', () => 12_345],
    ['of two runs that meet', (key) => (key % 2 === 0 ? 0 : 1 << 28)],
  ]
  it.each(hashings)('finds what was added and not removed, with hashes %s', (_, hashOf) => {
    const prng = new SeededPrng(9)
    const index = new SlotIndex()
    const cells: unknown[] = []
    const slots = new Map<number, number>()
    for (let i = 0; i < 3000; i += 1) {
      const key = randomBelow(prng, 60)
      const slot = slots.get(key)
      expect(index.find(hashOf(key), key, cells)).toBe(slot ?? -1)
      if (slot === undefined) {
        cells[2 * i] = key
        index.add(hashOf(key), i)
        slots.set(key, i)
      } else if (prng.next() < 0.6) {
        index.remove(hashOf(key), slot)
        slots.delete(key)
      }
      expect(index.size).toBe(slots.size)
    }

    for (let key = 0; key < 60; key += 1) {
      expect(index.find(hashOf(key), key, cells)).toBe(slots.get(key) ?? -1)
    }
  })

  it('tells keys of one hash apart by their value', () => {
    const index = new SlotIndex()
    index.add(7, 0)
    index.add(7, 1)

    expect(index.find(7, '1', [1, undefined, '1'])).toBe(1)
    expect(index.find(7, 1n, [1, undefined, '1'])).toBe(-1)
  })
})
