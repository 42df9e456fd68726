import type { Auction, Bid, Event } from '../event.ts'
import { bidsOf, type GoldenJob, type Stream } from './golden-job.ts'

const category = 10
/** How long before its auction a bid may come, and how long behind, both inclusive. */
const beforeMs = 1000
const afterMs = 2000

/** Auctions with their bids around the time of the auction. */
export const intervalJoinJob: GoldenJob = {
  name: 'interval-join',
  build(events) {
    const inTime = onTime(events)
    const joined = inTime
      .filter(isOfCategory, { parallelism: 1 })
      .keyBy(({ id }) => id)
      .intervalJoin(bidsOf(inTime).keyBy(({ auction }) => auction))
      .between(-beforeMs, afterMs)
      .process('join', (auction, bid) => [joinedLine(auction, bid)])
    return { e_interval_join: joined }
  },
}

/** One key, since only keyed functions know the watermark. */
function onTime(events: Stream<Event>): Stream<Event> {
  return events
    .keyBy(() => 0)
    .process(
      'on-time',
      {
        state: {},
        process: (event, _state, { watermark }) => (event.ts > watermark ? [event] : undefined),
      },
      { parallelism: 1 },
    )
}

function isOfCategory(event: Event): event is Auction {
  return event.kind === 'auction' && event.category === category
}

function joinedLine({ id, ts }: Auction, bid: Bid): string {
  return `${id}|${ts}|${bid.i}|${bid.bidder}|${bid.price}|${bid.ts}`
}
