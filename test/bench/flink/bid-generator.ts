import { type GeneratorState, initialState } from '../../golden/event-generator.ts'
import type { Bid } from './bid.ts'
import type { GeneratorScope, RecordGenerator } from './record-generator.ts'

const seed = 42
const baseMs = 1_760_000_000_000
const eventsAnEpoch = 50
const increment = 0x6d2b79f5
const hotChannels = 'apple google facebook baidu'.split(' ')
const coldChannels = Array.from({ length: 10_000 }, (_, index) => `channel-${index}`)
const priceBases = [100, 1000, 10_000, 100_000]

/**
 * The bids among the golden events, without making the other events: numbers that only these would
 * have drawn are skipped. The peer's generator makes no object for them either.
 */
export class BidGenerator implements RecordGenerator<Bid, GeneratorState> {
  readonly #eventsMax: number
  /** The state of mulberry32. */
  #random: number
  #ms: number
  #us: number
  #next: number
  /** Of the next event: how many epochs came before its own, and how many events in that one. */
  #epoch: number
  #ordinal: number

  constructor({ subtask, eventsMax }: GeneratorScope, position: GeneratorState | undefined) {
    const { random, next, ms, us } = position ?? initialState(seed + subtask)
    this.#eventsMax = eventsMax
    this.#random = random
    this.#ms = ms
    this.#us = us
    this.#next = next
    this.#epoch = Math.trunc(next / eventsAnEpoch)
    this.#ordinal = next % eventsAnEpoch
  }

  get eventCount(): number {
    return this.#next
  }

  get position(): GeneratorState {
    return { random: this.#random, next: this.#next, ms: this.#ms, us: this.#us }
  }

  next(): Bid | undefined {
    while (this.#next < this.#eventsMax) {
      const epoch = this.#epoch
      const ordinal = this.#ordinal
      const ts = this.#nextTime()
      if (ordinal >= 4) return this.#bid(ts, epoch)
      if (ordinal === 0) this.#skip(4)
      else this.#skipAuction()
    }
    return undefined
  }

  #nextTime(): number {
    this.#next += 1
    this.#ordinal += 1
    if (this.#ordinal === eventsAnEpoch) {
      this.#ordinal = 0
      this.#epoch += 1
    }
    this.#us += 10 + this.#below(991)
    if (this.#us >= 1000) {
      this.#us -= 1000
      this.#ms += 1
    }
    const draw = this.#below(1000)
    if (draw >= 505) return baseMs + this.#ms
    const delay = draw < 5 ? 5000 + this.#below(15_001) : this.#below(2001)
    return baseMs + (this.#ms - delay)
  }

  /** Item, two prices of two numbers each, expiry, then the seller, and the category. */
  #skipAuction(): void {
    this.#skip(6)
    if (this.#below(4) !== 0) this.#skip(1)
    this.#skip(1)
  }

  #bid(ts: number, epoch: number): Bid {
    const newest = 3 * epoch + 2
    const auction = 1000 + (this.#below(2) === 0 ? hundreds(newest) : this.#recent(newest, 100))
    const bidder = 1000 + (this.#below(4) === 0 ? hundreds(epoch) : this.#recent(epoch, 5000))
    const base = priceBases[this.#below(4)] as number
    const price = base + this.#below(9 * base)
    const channels = this.#below(2) === 0 ? hotChannels : coldChannels
    return { auction, bidder, price, channel: channels[this.#below(channels.length)] as string, ts }
  }

  /** One of the `count` newest, or of as many as there are. */
  #recent(newest: number, count: number): number {
    return newest - this.#below(newest + 1 < count ? newest + 1 : count)
  }

  #skip(draws: number): void {
    this.#random = (this.#random + Math.imul(draws, increment)) | 0
  }

  /** A number from 0 (inclusive) to `bound` (exclusive). */
  #below(bound: number): number {
    // mulberry32 of Tommy Ettinger, as published by him into the public domain.
    this.#random = (this.#random + increment) | 0
    const random = this.#random
    let mixed = Math.imul(random ^ (random >>> 15), 1 | random)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

function hundreds(id: number): number {
  return id - (id % 100)
}
