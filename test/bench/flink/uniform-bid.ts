/** A bid of the load with uniform keys: the fields that the peer's bids have. */
export interface UniformBid {
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
  readonly ts: number
}

const channels = ['apple', 'google', 'facebook', 'baidu']
const baseMs = 1_760_000_000_000
const bidsAMs = 100
const scatter = 2_654_435_761

/**
 * The bid of an index. Its bidder runs through all of `keyCount`, scattered, and begins again:
 * `index * 2654435761 mod keyCount`, without leaving the whole numbers that are exact.
 */
export function uniformBid(index: number, keyCount: number): UniformBid {
  return {
    auction: index & 1023,
    bidder: uniformKey(index, keyCount),
    price: index & 0xff_ff,
    channel: channels[index & 3] as string,
    ts: baseMs + Math.trunc(index / bidsAMs),
  }
}

/** `keyCount`: at most 2 ** 26. */
export function uniformKey(index: number, keyCount: number): number {
  return ((index % keyCount) * (scatter % keyCount)) % keyCount
}
