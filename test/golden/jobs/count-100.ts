import { listState, valueState } from '@flinkts/core'
import { bidsOf, type GoldenJob } from './golden-job.ts'

/** What is left of a bid in a group. */
interface Entry {
  readonly i: number
  readonly price: number
}

const sizeMax = 100
const slideCount = 50

/** Every hundred bids of an auction, together. */
export const count100Job: GoldenJob = {
  name: 'count-100',
  build: (events) => ({
    d_count100: bidsOf(events)
      .keyBy(({ auction }) => auction)
      .process('groups', {
        state: { entries: listState<Entry>() },
        *process({ i, price }, { entries }, { key }) {
          entries.add({ i, price })
          const group = [...entries.get()]
          if (group.length < sizeMax) return
          yield groupLine(key, group)
          entries.clear()
        },
      }),
  }),
}

/** After every fiftieth bid of an auction, the last hundred. */
export const count100Slide50Job: GoldenJob = {
  name: 'count-100-slide-50',
  build: (events) => ({
    d_count100_slide50: bidsOf(events)
      .keyBy(({ auction }) => auction)
      .process('groups', {
        state: { count: valueState<number>(), entries: listState<Entry>() },
        *process({ i, price }, { count, entries }, { key }) {
          entries.add({ i, price })
          const seen = (count.get() ?? 0) + 1
          count.set(seen)
          if (seen % slideCount !== 0) return
          const group = [...entries.get()].slice(-sizeMax)
          yield groupLine(key, group)
          entries.update(group.slice(-(sizeMax - slideCount)))
        },
      }),
  }),
}

function groupLine(auction: number, group: readonly Entry[]): string {
  const sum = group.reduce((total, { price }) => total + price, 0)
  return `${auction}|${group.length}|${sum}|${group[0]?.i}|${group.at(-1)?.i}`
}
