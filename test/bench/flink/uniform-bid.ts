import type { Bid } from './bid.ts'

const channels = ['apple', 'google', 'facebook', 'baidu']
const baseMs = 1_760_000_000_000
const bidsAMs = 100
const scatter = 2_654_435_761

/**
 * The bid of an index. Its bidder runs through all of `keyCount`, scattered, and begins again:
 * `index * 2654435761 mod keyCount`, without leaving the whole numbers that are exact. `own`: the
 * index among the bids of the same subtask, of which its time is made.
 */
export function uniformBid(
  { index, own }: { readonly index: number; readonly own: number },
  keyCount: number,
): Bid {
  return {
    auction: index & 1023,
    bidder: uniformKey(index, keyCount),
    price: index & 0xff_ff,
    channel: channels[index & 3] as string,
    ts: uniformTime(own),
  }
}

/** `keyCount`: at most 2 ** 26. */
export function uniformKey(index: number, keyCount: number): number {
  return ((index % keyCount) * (scatter % keyCount)) % keyCount
}

export function uniformTime(own: number): number {
  return baseMs + Math.trunc(own / bidsAMs)
}
