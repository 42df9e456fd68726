import { listState } from '@flinkts/core'
import { bidsOf, type GoldenJob, type Stream } from './golden-job.ts'
import { lateLines, timedCount, type WindowCount } from './timed-count.ts'

const sizeMs = 10_000
const slideMs = 2000
const rankMax = 3

/** Bids of an auction in ten seconds, and the bids that came too late for that. */
export const tumblingCountJob: GoldenJob = {
  name: 'tumbling-count',
  build(events) {
    const counts = bidsOf(events)
      .keyBy(({ auction }) => auction)
      .process('count', timedCount({ sizeMs, slideMs: sizeMs }))
    return {
      a_tumbling_count: counts.map(countLine),
      a_tumbling_late: counts.sideOutput(lateLines),
    }
  },
}

/** The same every two seconds, and the three auctions that got most. */
export const slidingCountJob: GoldenJob = {
  name: 'sliding-count',
  build(events) {
    const counts = bidsOf(events)
      .keyBy(({ auction }) => auction)
      .process('count', timedCount({ sizeMs, slideMs }))
    return {
      b_sliding_count: counts.map(countLine),
      b_sliding_late: counts.sideOutput(lateLines),
      b_hot_top3: hottest(counts),
    }
  },
}

/** All counts of a window are there when the watermark has passed it. */
function hottest(counts: Stream<WindowCount>): Stream<string> {
  return counts
    .keyBy(({ end }) => end)
    .process('hottest', {
      state: { counts: listState<WindowCount>() },
      process(count, state, { timers }): undefined {
        state.counts.add(count)
        timers.registerEventTime(count.end)
      },
      *onTimer(_timestamp, state) {
        const ranked = [...state.counts.get()].toSorted(
          (one, other) => other.count - one.count || one.auction - other.auction,
        )
        for (const [index, { start, end, auction, count }] of ranked.slice(0, rankMax).entries()) {
          yield `${start}|${end}|${index + 1}|${auction}|${count}`
        }
        state.counts.clear()
      },
    })
}

function countLine({ auction, start, end, count }: WindowCount): string {
  return `${auction}|${start}|${end}|${count}`
}
