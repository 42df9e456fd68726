import {
  type OutputTag,
  outputTag,
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
  type WindowAssigner,
} from '@flinkts/core'
import { type Bid, eventLine } from '../event.ts'
import { bidsOf, type GoldenJob, type Stream } from './golden-job.ts'

/** How many bids an auction got in a window. */
interface WindowCount {
  readonly auction: number
  /** Inclusive, milliseconds since 1970. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly count: number
}

const sizeMs = 10_000
const slideMs = 2000
const rankMax = 3
const lateBids: OutputTag<Bid> = outputTag('late')

/** Bids of an auction in ten seconds, and the bids that came too late for that. */
export const tumblingCountJob: GoldenJob = {
  name: 'tumbling-count',
  build(events) {
    const counts = countsOf('tumbling-count', bidsOf(events), tumblingEventTimeWindows(sizeMs))
    return {
      a_tumbling_count: counts.map(countLine),
      a_tumbling_late: counts.sideOutput(lateBids).map(eventLine),
    }
  },
}

/** The same every two seconds, and the three auctions that got most. */
export const slidingCountJob: GoldenJob = {
  name: 'sliding-count',
  build(events) {
    const windows = slidingEventTimeWindows(sizeMs, slideMs)
    const counts = countsOf('sliding-count', bidsOf(events), windows)
    return {
      b_sliding_count: counts.map(countLine),
      b_sliding_late: counts.sideOutput(lateBids).map(eventLine),
      b_hot_top3: hottest(counts),
    }
  },
}

function countsOf(id: string, bids: Stream<Bid>, assigner: WindowAssigner): Stream<WindowCount> {
  return bids
    .keyBy(({ auction }) => auction)
    .window(assigner)
    .sideOutputLateData(lateBids)
    .aggregate(
      id,
      {
        create: () => 0,
        add: (count) => count + 1,
        merge: (one, other) => one + other,
        result: (count) => count,
      },
      {
        window: ({ key, window: { start, end } }, count) => [{ auction: key, start, end, count }],
      },
    )
}

/** Counts of windows that end together are in one window of the slide: that of their last time. */
function hottest(counts: Stream<WindowCount>): Stream<string> {
  return counts.windowAll(tumblingEventTimeWindows(slideMs)).process('hottest', {
    *process(_context, unranked) {
      const ranked = unranked.toSorted(
        (one, other) => other.count - one.count || one.auction - other.auction,
      )
      for (const [index, { start, end, auction, count }] of ranked.slice(0, rankMax).entries()) {
        yield `${start}|${end}|${index + 1}|${auction}|${count}`
      }
    },
  })
}

function countLine({ auction, start, end, count }: WindowCount): string {
  return `${auction}|${start}|${end}|${count}`
}
