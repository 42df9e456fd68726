/** A bid of the loads: the fields that the peer's bids have. */
export interface Bid {
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
  /** Event time, milliseconds since 1970. */
  readonly ts: number
}
