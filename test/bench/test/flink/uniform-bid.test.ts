import { expect, test } from 'vitest'
import { UniformGenerator } from '../../flink/record-generator.ts'
import { uniformKey } from '../../flink/uniform-bid.ts'

test.each([0, 1, 4_999_999, 5_000_000, 123_456_789, 3_000_000_000])(
  'the key of index %i is exact',
  (index) => {
    const exact = (BigInt(index) * 2_654_435_761n) % 5_000_000n

    expect(uniformKey(index, 5_000_000)).toBe(Number(exact))
  },
)

test('every key comes once in each round', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => uniformKey(index, 10_000))

  expect(new Set(keys).size).toBe(10_000)
})

test('the bids of a subtask have the keys of its indices, wherever the generator goes on', () => {
  const scope = { subtask: 2, subtaskCount: 3, eventsMax: 1000 }
  const keyCount = 70
  let generator = new UniformGenerator(scope, keyCount)
  const bidders: (number | undefined)[] = []
  for (let bid = generator.next(); bid !== undefined; bid = generator.next()) {
    bidders.push(bid.bidder)
    if (bidders.length % 97 === 0) {
      generator = new UniformGenerator(scope, keyCount, generator.position)
    }
  }

  const expected = Array.from({ length: 1000 }, (_, own) => uniformKey(own * 3 + 2, keyCount))
  expect(bidders).toEqual(expected)
})
