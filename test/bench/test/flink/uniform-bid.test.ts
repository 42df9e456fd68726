import { expect, test } from 'vitest'
import { uniformBid, uniformKey } from '../../flink/uniform-bid.ts'

test.each([0, 1, 4_999_999, 5_000_000, 123_456_789, 3_000_000_000])(
  'the key of index %i is exact',
  (index) => {
    const exact = (BigInt(index) * 2_654_435_761n) % 5_000_000n

    expect(uniformKey(index, 5_000_000)).toBe(Number(exact))
  },
)

test('every key comes once in each round', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => {
    return uniformBid({ index, own: index }, 10_000).bidder
  })

  expect(new Set(keys).size).toBe(10_000)
})
