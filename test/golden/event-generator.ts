/**
 * The events of the golden results (README.md, "Events"), in order. The order of the draws is part
 * of the data: each `#below` takes one number of mulberry32, each `#price` two.
 */
import type { Auction, Bid, Event, Person } from './event.ts'

/** Where a generator stands: all that it needs to go on. */
export interface GeneratorState {
  /** The state of mulberry32, 32 bits. */
  readonly random: number
  /** The index of the next event. */
  readonly next: number
  /** The clock of the events: milliseconds behind `baseMs`, and microseconds behind those. */
  readonly ms: number
  readonly us: number
}

/** Event time begins here, milliseconds since 1970. */
const baseMs = 1_760_000_000_000
const eventsAnEpoch = 50
const firstNames = 'Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter'.split(' ')
const lastNames = 'Shultz Abrams Spencer White Bartels Walton Smith Jones Noris'.split(' ')
const cities =
  'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne'.split(',')
const states = 'AZ CA ID OR WA WY'.split(' ')
const hotChannels = 'apple google facebook baidu'.split(' ')
const coldChannels = Array.from({ length: 10_000 }, (_, index) => `channel-${index}`)
const priceBases = [100, 1000, 10_000, 100_000]

export function initialState(seed: number): GeneratorState {
  return { random: Math.trunc(seed), next: 0, ms: 30_000, us: 0 }
}

/** Makes up to 40 million events, one after the other; deterministic. */
export class EventGenerator {
  #random: number
  #next: number
  #ms: number
  #us: number

  constructor(state: GeneratorState) {
    this.#random = state.random
    this.#next = state.next
    this.#ms = state.ms
    this.#us = state.us
  }

  get state(): GeneratorState {
    return { random: this.#random, next: this.#next, ms: this.#ms, us: this.#us }
  }

  /** The index of the event that comes next. */
  get nextIndex(): number {
    return this.#next
  }

  next(): Event {
    const i = this.#next
    this.#next += 1
    const epoch = Math.trunc(i / eventsAnEpoch)
    const ordinal = i % eventsAnEpoch
    this.#us += 10 + this.#below(991)
    this.#ms += Math.trunc(this.#us / 1000)
    this.#us %= 1000
    const ts = baseMs + (this.#ms - this.#delay())
    if (ordinal >= 4) return this.#bid(i, ts, epoch)
    return ordinal === 0 ? this.#person(i, ts, epoch) : this.#auction(i, ts, { epoch, ordinal })
  }

  /** One of 200 events is late, every other one out of order by up to two seconds. */
  #delay(): number {
    const draw = this.#below(1000)
    if (draw < 5) return 5000 + this.#below(15_001)
    return draw < 505 ? this.#below(2001) : 0
  }

  #person(i: number, ts: number, epoch: number): Person {
    const first = this.#oneOf(firstNames)
    const name = `${first} ${this.#oneOf(lastNames)}`
    const city = this.#oneOf(cities)
    const state = this.#oneOf(states)
    return { kind: 'person', i, ts, id: 1000 + epoch, name, city, state }
  }

  #auction(i: number, ts: number, at: { epoch: number; ordinal: number }): Auction {
    const { epoch, ordinal } = at
    const id = 1000 + 3 * epoch + (ordinal - 1)
    const item = `item-${this.#below(10_000)}`
    const initialBid = this.#price()
    const reserve = initialBid + this.#price()
    const expires = ts + 500 + this.#below(4000)
    const seller =
      1000 +
      (this.#below(4) === 0
        ? Math.trunc(epoch / 100) * 100
        : epoch - this.#below(Math.min(epoch + 1, 1000)))
    const category = 10 + this.#below(5)
    return { kind: 'auction', i, ts, id, item, initialBid, reserve, expires, seller, category }
  }

  #bid(i: number, ts: number, epoch: number): Bid {
    const newest = 3 * epoch + 2
    const auction =
      1000 +
      (this.#below(2) === 0
        ? Math.trunc(newest / 100) * 100
        : newest - this.#below(Math.min(newest + 1, 100)))
    const bidder =
      1000 +
      (this.#below(4) === 0
        ? Math.trunc(epoch / 100) * 100
        : epoch - this.#below(Math.min(epoch + 1, 5000)))
    const price = this.#price()
    const channel = this.#below(2) === 0 ? this.#oneOf(hotChannels) : this.#oneOf(coldChannels)
    return { kind: 'bid', i, ts, auction, bidder, price, channel }
  }

  #price(): number {
    const base = priceBases[this.#below(4)] as number
    return base + this.#below(9 * base)
  }

  #oneOf(values: readonly string[]): string {
    return values[this.#below(values.length)] as string
  }

  /** A number from 0 (inclusive) to `bound` (exclusive). */
  #below(bound: number): number {
    // mulberry32 of Tommy Ettinger, as published by him into the public domain.
    this.#random = (this.#random + 0x6d2b79f5) | 0
    const random = this.#random
    let mixed = Math.imul(random ^ (random >>> 15), 1 | random)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}
