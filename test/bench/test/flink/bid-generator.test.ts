import { expect, test } from 'vitest'
import type { Bid } from '../../../golden/event.ts'
import { EventGenerator, initialState } from '../../../golden/event-generator.ts'
import { BidGenerator } from '../../flink/bid-generator.ts'

const eventsMax = 100_000
const scope = { subtask: 1, subtaskCount: 2, eventsMax }

test('the bids are those among the golden events, wherever the generator goes on', () => {
  const golden = new EventGenerator(initialState(43))
  const expected: Omit<Bid, 'kind' | 'i'>[] = []
  while (golden.nextIndex < eventsMax) {
    const event = golden.next()
    if (event.kind !== 'bid') continue
    const { auction, bidder, price, channel, ts } = event
    expected.push({ auction, bidder, price, channel, ts })
  }

  let generator = new BidGenerator(scope, undefined)
  const bids: unknown[] = []
  for (let bid = generator.next(); bid !== undefined; bid = generator.next()) {
    bids.push(bid)
    if (bids.length % 997 === 0) generator = new BidGenerator(scope, generator.position)
  }

  expect(bids).toEqual(expected)
  expect(generator.eventCount).toBe(eventsMax)
})
