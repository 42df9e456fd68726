/** Someone who sells and bids. `ts`, here and below: event time in milliseconds since 1970. */
export interface Person {
  readonly kind: 'person'
  /** The index of the event, from 0. */
  readonly i: number
  readonly ts: number
  readonly id: number
  readonly name: string
  readonly city: string
  readonly state: string
}

/** Something is for sale. */
export interface Auction {
  readonly kind: 'auction'
  readonly i: number
  readonly ts: number
  readonly id: number
  readonly item: string
  readonly initialBid: number
  readonly reserve: number
  /** Milliseconds since 1970. */
  readonly expires: number
  /** The id of a person. */
  readonly seller: number
  readonly category: number
}

/** Someone offers a price. */
export interface Bid {
  readonly kind: 'bid'
  readonly i: number
  readonly ts: number
  /** The id of an auction. */
  readonly auction: number
  /** The id of a person. */
  readonly bidder: number
  readonly price: number
  readonly channel: string
}

export type Event = Person | Auction | Bid

/** The canonical text of an event, without the newline. */
export function eventLine(event: Event): string {
  switch (event.kind) {
    case 'person':
      return `P|${event.i}|${event.id}|${event.name}|${event.city}|${event.state}|${event.ts}`
    case 'auction': {
      const { i, id, item, initialBid, reserve, expires, seller, category, ts } = event
      return `A|${i}|${id}|${item}|${initialBid}|${reserve}|${expires}|${seller}|${category}|${ts}`
    }
    case 'bid': {
      const { i, auction, bidder, price, channel, ts } = event
      return `B|${i}|${auction}|${bidder}|${price}|${channel}|${ts}`
    }
  }
}
