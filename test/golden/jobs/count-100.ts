import type { Bid } from '../event.ts'
import { bidsOf, type GoldenJob } from './golden-job.ts'

const size = 100
const slide = 50

/** Every hundred bids of an auction, together. */
export const count100Job: GoldenJob = {
  name: 'count-100',
  build: (events) => ({
    d_count100: bidsOf(events)
      .keyBy(({ auction }) => auction)
      .countWindow(size)
      .process('groups-of-100', { process: ({ key }, group) => [groupLine(key, group)] }),
  }),
}

/** After every fiftieth bid of an auction, the last hundred. */
export const count100Slide50Job: GoldenJob = {
  name: 'count-100-slide-50',
  build: (events) => ({
    d_count100_slide50: bidsOf(events)
      .keyBy(({ auction }) => auction)
      .countWindow(size, slide)
      .process('last-100', { process: ({ key }, group) => [groupLine(key, group)] }),
  }),
}

function groupLine(auction: number, group: readonly Bid[]): string {
  const sum = group.reduce((total, { price }) => total + price, 0)
  return `${auction}|${group.length}|${sum}|${group[0]?.i}|${group.at(-1)?.i}`
}
