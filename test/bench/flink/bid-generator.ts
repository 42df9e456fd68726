import { type GeneratorState, initialState } from '../../golden/event-generator.ts'
import type { Bid } from './bid.ts'
import type { GeneratorScope, RecordGenerator } from './record-generator.ts'

const seed = 42
const baseMs = 1_760_000_000_000
const eventsAnEpoch = 50
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
      this.#random = ordinal === 0 ? skipped(this.#random, 4) : behindAuction(this.#random)
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
    const step = skipped(this.#random, 1)
    const delay = skipped(step, 1)
    this.#us += 10 + (mixed(step) % 991)
    if (this.#us >= 1000) {
      this.#us -= 1000
      this.#ms += 1
    }
    const draw = mixed(delay) % 1000
    this.#random = draw < 505 ? skipped(delay, 1) : delay
    if (draw >= 505) return baseMs + this.#ms
    return (
      baseMs +
      (this.#ms - (draw < 5 ? 5000 + (mixed(this.#random) % 15_001) : mixed(this.#random) % 2001))
    )
  }

  #bid(ts: number, epoch: number): Bid {
    const newest = 3 * epoch + 2
    let random = skipped(this.#random, 1)
    let auction = 1000 + newest
    if ((mixed(random) & 1) === 0) auction -= newest % 100
    else auction -= mixed((random = skipped(random, 1))) % Math.min(newest + 1, 100)
    let bidder = 1000 + epoch
    random = skipped(random, 1)
    if ((mixed(random) & 3) === 0) bidder -= epoch % 100
    else bidder -= mixed((random = skipped(random, 1))) % Math.min(epoch + 1, 5000)
    random = skipped(random, 1)
    const base = priceBases[mixed(random) & 3] as number
    random = skipped(random, 1)
    const price = base + (mixed(random) % (9 * base))
    random = skipped(random, 1)
    const isHot = (mixed(random) & 1) === 0
    random = skipped(random, 1)
    this.#random = random
    const channel = isHot
      ? (hotChannels[mixed(random) & 3] as string)
      : (coldChannels[mixed(random) % 10_000] as string)
    return { auction, bidder, price, channel, ts }
  }
}

/** Item, two prices of two numbers each, expiry, then the seller, and the category. */
function behindAuction(random: number): number {
  const seller = skipped(random, 7)
  return skipped(seller, mixed(seller) % 4 === 0 ? 1 : 2)
}

/** The state of mulberry32, of Tommy Ettinger, that many numbers later. */
function skipped(random: number, count: number): number {
  return (random + Math.imul(count, 0x6d2b79f5)) | 0
}

/** The number of a state, from 0 (inclusive) to 2 ** 32 (exclusive). */
function mixed(random: number): number {
  const first = Math.imul(random ^ (random >>> 15), 1 | random)
  const second = (first + Math.imul(first ^ (first >>> 7), 61 | first)) ^ first
  return (second ^ (second >>> 14)) >>> 0
}
