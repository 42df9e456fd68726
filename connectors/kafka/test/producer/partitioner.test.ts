import { describe, expect, test } from 'vitest'
import {
  checkedPartition,
  murmur2,
  nextStickyPartition,
  partitionOfKey,
} from '../../src/producer/partitioner.ts'
import golden from './golden/partitions.json' with { type: 'json' }

describe('the partition of a key', () => {
  test.each(golden)('is that of the client for Java: "$key"', ({ key, hash, of7, of100 }) => {
    const bytes = Buffer.from(key, 'hex')

    expect(murmur2(bytes)).toBe(hash)
    expect(partitionOfKey(bytes, 7)).toBe(of7)
    expect(partitionOfKey(bytes, 100)).toBe(of100)
  })
})

describe('the partition of records without key', () => {
  test('is another one after each batch', () => {
    expect(nextStickyPartition([1, 1, 1], 1, () => 0)).toBe(0)
    expect(nextStickyPartition([1, 1, 1], 1, () => 0.99)).toBe(2)
    expect(nextStickyPartition([1], 0, () => 0.5)).toBe(0)
  })

  test('is none without leader while another has one', () => {
    const chosen = [0, 0.3, 0.6, 0.99].map((random) =>
      nextStickyPartition([-1, 4, -1, 5], -1, () => random),
    )

    expect(new Set(chosen)).toEqual(new Set([1, 3]))
    expect(nextStickyPartition([-1, 4], 1, () => 0)).toBe(1)
    expect(nextStickyPartition([-1, -1], 0, () => 0)).toBe(1)
  })
})

describe('a chosen partition', () => {
  test.each([-1, 3, 0.5, Number.NaN])(
    'is refused when the topic does not have it: %d',
    (chosen) => {
      expect(() =>
        checkedPartition(chosen, { topic: 'orders', partitionCount: 3 }, 'partitioner'),
      ).toThrow(expect.objectContaining({ code: 'FLINKTS_KAFKA_PARTITION_INVALID' }) as Error)
    },
  )
})
