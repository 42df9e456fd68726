import { valueState, type StreamEnvironment } from '@flinkts/core'
import type { Sink } from '@flinkts/core/connector'
import type { Bid, Event } from '../../golden/event.ts'
import { EventGenerator, initialState } from '../../golden/event-generator.ts'
import { eventSource } from '../../golden/event-source.ts'
import { rangeSource } from '../range-source.ts'
import { uniformBid, type UniformBid, uniformKey } from './uniform-bid.ts'

/** What is left of a record at the end of a job: enough to tell whether the work was done. */
export type Digest = number

/** A job of which the peer runs the same. */
export interface LoadJob {
  /** Builds it over the first `count` events; `onRecord` is called in front of the state. */
  build(
    env: StreamEnvironment<'exactly-once'>,
    sink: Sink<Digest, never, 'exactly-once'>,
    options: LoadOptions,
  ): void
  /** The records that it gives and the sum of their digests, by a plain loop. */
  expected(options: LoadOptions): { readonly records: number; readonly sum: number }
}

export interface LoadOptions {
  /** The number of events. */
  readonly count: number
  /** Of jobs with uniform keys. */
  readonly keyCount: number
  /** Called for each record in front of the state; where a failure comes from. */
  readonly onRecord: () => void
}

export type LoadName = 'map' | 'keys'

const seed = 42

export const loadJobs: Readonly<Record<LoadName, LoadJob>> = {
  /** Bids in another currency: no state, no exchange. */
  map: {
    build(env, sink, { count }) {
      env
        .source('events', eventSource({ seed, count }))
        .filter(isBid)
        .map(inEuros)
        .filter(isDear)
        .map(({ price }) => price)
        .sinkTo('digests', sink)
    },
    expected({ count }) {
      const generator = new EventGenerator(initialState(seed))
      let records = 0
      let sum = 0
      for (let index = 0; index < count; index += 1) {
        const event = generator.next()
        if (!isBid(event)) continue
        const { price } = inEuros(event)
        if (price <= priceMin) continue
        records += 1
        sum = (sum + price) | 0
      }
      return { records, sum }
    },
  },
  /** A rolling count for each of very many keys. */
  keys: {
    build(env, sink, { count, keyCount, onRecord }) {
      env
        .source('indexes', rangeSource(count, { startedMs: 0, endedMs: 0 }))
        .map((index) => uniformBid(index, keyCount))
        .keyBy(({ bidder }: UniformBid) => bidder)
        .process('count', {
          state: { count: valueState<number>() },
          process({ bidder }, { count: counted }) {
            onRecord()
            const next = (counted.get() ?? 0) + 1
            counted.set(next)
            return [{ bidder, count: next }]
          },
        })
        .map(countDigest)
        .sinkTo('digests', sink)
    },
    expected({ count, keyCount }) {
      const counts = new Int32Array(keyCount)
      let sum = 0
      for (let index = 0; index < count; index += 1) {
        const bidder = uniformKey(index, keyCount)
        const next = (counts[bidder] ?? 0) + 1
        counts[bidder] = next
        sum = (sum + countDigest({ bidder, count: next })) | 0
      }
      return { records: count, sum }
    },
  },
}

const priceMin = 100

function isBid(event: Event): event is Bid {
  return event.kind === 'bid'
}

function inEuros({ kind, i, ts, auction, bidder, price, channel }: Bid): Bid {
  return { kind, i, ts, auction, bidder, price: Math.trunc((price * 908) / 1000), channel }
}

function isDear({ price }: Bid): boolean {
  return price > priceMin
}

function countDigest({ bidder, count }: { bidder: number; count: number }): Digest {
  return Math.imul(bidder, 31) ^ count
}
