import {
  type DataStream,
  type StreamEnvironment,
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
  valueState,
  type WatermarkStrategy,
} from '@flinkts/core'
import type { GeneratorState } from '../../golden/event-generator.ts'
import type { Bid } from './bid.ts'
import { BidGenerator } from './bid-generator.ts'
import { digestSink } from './digest-sink.ts'
import { generatedSource } from './generated-source.ts'
import type { Load, LoadName } from './load.ts'
import { UniformGenerator } from './record-generator.ts'
import {
  counting,
  eventTime,
  hottest,
  windowCount,
  windowDigest,
  windowSizeMs,
  windowSlideMs,
} from './windows.ts'

type Environment = StreamEnvironment<'exactly-once'>
type Stream<T> = DataStream<T, 'exactly-once'>

/** Builds a job; `onRecord` is called by `keys`, in front of its state. */
type BuildJob = (env: Environment, load: Load, onRecord: () => void) => void

/** The jobs that the peer runs too, by the public API. */
export const loadJobs: Readonly<Record<LoadName, BuildJob>> = {
  /** Bids in another currency: no state, no exchange. */
  map(env, load) {
    bids(env, load).map(inEuros).filter(isDear).sinkTo('digests', digestSink(priceOf))
  },
  /** How often each key came in ten seconds. */
  tumble(env, load) {
    uniformBids(env, load, eventTime(load.repeatable))
      .keyBy(bidderOf)
      .window(tumblingEventTimeWindows(windowSizeMs))
      .aggregate('count', counting, { window: windowCount })
      .sinkTo('digests', digestSink(windowDigest))
  },
  /** The auctions with the most bids of the last ten seconds, every two seconds. */
  hot(env, load) {
    bids(env, load, eventTime(load.repeatable))
      .keyBy(({ auction }) => auction)
      .window(slidingEventTimeWindows(windowSizeMs, windowSlideMs))
      .aggregate('count', counting, { window: windowCount })
      .keyBy(({ end }) => end)
      .process('hottest', hottest)
      .sinkTo('digests', digestSink(windowDigest))
  },
  /** A rolling count for each of very many keys. */
  keys(env, load, onRecord) {
    uniformBids(env, load)
      .keyBy(bidderOf)
      .process('count', {
        state: { count: valueState<number>() },
        process({ bidder }, { count: counted }) {
          onRecord()
          const count = (counted.get() ?? 0) + 1
          counted.set(count)
          return [{ bidder, count }]
        },
      })
      .sinkTo('digests', digestSink(countDigest))
  },
}

function bids(
  env: Environment,
  { meter, events: eventsMax = Infinity }: Load,
  watermarks?: WatermarkStrategy<Bid>,
): Stream<Bid> {
  const source = generatedSource<Bid, GeneratorState>({
    create: (of, position) => new BidGenerator({ ...of, eventsMax }, position),
    meter,
  })
  return env.source('bids', source, watermarks === undefined ? {} : { watermarks })
}

function uniformBids(
  env: Environment,
  { keyCount, meter, events: eventsMax = Infinity }: Load,
  watermarks?: WatermarkStrategy<Bid>,
): Stream<Bid> {
  const source = generatedSource<Bid, number>({
    create: (of, position) => new UniformGenerator({ ...of, eventsMax }, keyCount, position),
    meter,
  })
  return env.source('bids', source, watermarks === undefined ? {} : { watermarks })
}

const priceMin = 100

/** Truncated to whole euros. */
export function inEuros({ auction, bidder, price, channel, ts }: Bid): Bid {
  return { auction, bidder, price: Math.trunc((price * 908) / 1000), channel, ts }
}

export function isDear({ price }: Bid): boolean {
  return price > priceMin
}

function priceOf({ price }: Bid): number {
  return price
}

function bidderOf({ bidder }: Bid): number {
  return bidder
}

export function countDigest({ bidder, count }: { bidder: number; count: number }): number {
  return Math.imul(bidder, 31) ^ count
}
