import { valueState } from '@flinkts/core'
import { bidsOf, type GoldenJob } from './golden-job.ts'

interface Total {
  readonly count: number
  readonly sum: number
  /** When the bidder counts as idle, in event time; there is a timer for it. */
  readonly idleAt: number
}

const idleMs = 5000

/** The total of a bidder, whenever it has made no bid for five seconds. */
export const idleTotalJob: GoldenJob = {
  name: 'idle-total',
  build: (events) => ({
    g_idle_total: bidsOf(events)
      .keyBy(({ bidder }) => bidder)
      .process('idle-total', {
        state: { total: valueState<Total>(), emitted: valueState<number>() },
        process({ price, ts }, { total }, { timers }): undefined {
          const { count, sum, idleAt } = total.get() ?? { count: 0, sum: 0, idleAt: -Infinity }
          const next = Math.max(idleAt, ts + idleMs)
          total.set({ count: count + 1, sum: sum + price, idleAt: next })
          if (next === idleAt) return
          timers.deleteEventTime(idleAt)
          timers.registerEventTime(next)
        },
        *onTimer(timestamp, { total, emitted }, { key }) {
          const { count, sum } = total.get() ?? { count: 0, sum: 0 }
          const number = emitted.get() ?? 0
          yield `${key}|${number}|${timestamp}|${count}|${sum}`
          emitted.set(number + 1)
          total.clear()
        },
      }),
  }),
}
