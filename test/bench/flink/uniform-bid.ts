import type { Bid } from './bid.ts'

const channels = ['apple', 'google', 'facebook', 'baidu']
const baseMs = 1_760_000_000_000
const bidsAMs = 100
const scatter = 2_654_435_761

/** What a bid is made of. */
export interface UniformBidParts {
  readonly index: number
  /** The index among the bids of the same subtask, of which its time is made. */
  readonly own: number
  /** `uniformKey` of the index. */
  readonly bidder: number
}

export function uniformBid({ index, own, bidder }: UniformBidParts): Bid {
  return {
    auction: index & 1023,
    bidder,
    price: index & 0xff_ff,
    channel: channels[index & 3] as string,
    ts: uniformTime(own),
  }
}

/**
 * The bidder of an index: runs through all of `keyCount` (at most 2 ** 26), scattered, and begins
 * again: `index * 2654435761 mod keyCount`, without leaving the whole numbers that are exact.
 */
export function uniformKey(index: number, keyCount: number): number {
  return ((index % keyCount) * (scatter % keyCount)) % keyCount
}

export function uniformTime(own: number): number {
  return baseMs + Math.trunc(own / bidsAMs)
}
