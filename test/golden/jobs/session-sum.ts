import { type OutputTag, outputTag, sessionEventTimeWindows, valueState } from '@flinkts/core'
import { type Bid, eventLine } from '../event.ts'
import { bidsOf, type GoldenJob } from './golden-job.ts'

const gapMs = 10_000
const allowedLatenessMs = 5000
const lateBids: OutputTag<Bid> = outputTag('late')

/** Count and sum of the bids of a bidder in sessions, which late bids may still change. */
export const sessionSumJob: GoldenJob = {
  name: 'session-sum',
  build(events) {
    const sums = bidsOf(events)
      .keyBy(({ bidder }) => bidder)
      .window(sessionEventTimeWindows(gapMs))
      .allowedLateness(allowedLatenessMs)
      .sideOutputLateData(lateBids)
      .aggregate(
        'sessions',
        {
          create: () => ({ count: 0, sum: 0 }),
          add: ({ count, sum }, { price }) => ({ count: count + 1, sum: sum + price }),
          merge: (one, other) => ({ count: one.count + other.count, sum: one.sum + other.sum }),
          result: (totals) => totals,
        },
        {
          window: {
            state: { emitted: valueState<number>() },
            *process({ key, window: { start, end }, globalState: { emitted } }, { count, sum }) {
              const number = emitted.get() ?? 0
              emitted.set(number + 1)
              yield `${key}|${number}|${start}|${end}|${count}|${sum}`
            },
          },
        },
      )
    return {
      c_session_sum: sums,
      c_session_late: sums.sideOutput(lateBids).map(eventLine),
    }
  },
}
