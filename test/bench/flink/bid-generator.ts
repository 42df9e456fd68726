import { type GeneratorState, initialState } from '../../golden/event-generator.ts'
import type { Bid } from './bid.ts'
import { RandomBlock } from './random-block.ts'
import type { GeneratorScope, RecordGenerator } from './record-generator.ts'

const seed = 42
const baseMs = 1_760_000_000_000
const eventsAnEpoch = 50
/** The others come first in each epoch. */
const othersAnEpoch = 4
/** What one event takes at most. */
const drawsMax = 12
const hotChannels = 'apple google facebook baidu'.split(' ')
const coldChannels = Array.from({ length: 10_000 }, (_, index) => `channel-${index}`)
const channels = [...hotChannels, ...coldChannels]
const priceBases = [100, 1000, 10_000, 100_000]

/**
 * The bids among the golden events, without making the other events: numbers that only these would
 * have drawn are skipped. The peer's generator makes no object for them either.
 */
export class BidGenerator implements RecordGenerator<Bid, GeneratorState> {
  readonly #eventsMax: number
  readonly #draws = new RandomBlock()
  /** The index of the next draw. */
  #at = 0
  #ms: number
  #us: number
  #next: number
  /** Of the next event: how many epochs came before its own, and how many events in that one. */
  #epoch: number
  #ordinal: number

  constructor({ subtask, eventsMax }: GeneratorScope, position: GeneratorState | undefined) {
    const { random, next, ms, us } = position ?? initialState(seed + subtask)
    this.#eventsMax = eventsMax
    this.#draws.fill(random)
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
    const random = this.#draws.stateAt(this.#at)
    return { random, next: this.#next, ms: this.#ms, us: this.#us }
  }

  next(): Bid | undefined {
    while (this.#next < this.#eventsMax) {
      if (!this.#draws.has(this.#at, drawsMax)) this.#refill()
      const epoch = this.#epoch
      const ordinal = this.#ordinal
      this.#countEvent()
      const ms = this.#nextTime()
      if (ordinal >= othersAnEpoch) return this.#bid(ms, epoch)
      this.#at += ordinal === 0 ? 4 : this.#auctionDraws()
    }
    return undefined
  }

  #refill(): void {
    this.#draws.fill(this.#draws.stateAt(this.#at))
    this.#at = 0
  }

  #countEvent(): void {
    this.#next += 1
    this.#ordinal += 1
    if (this.#ordinal < eventsAnEpoch) return
    this.#ordinal = 0
    this.#epoch += 1
  }

  /** In milliseconds behind `baseMs`: a small number, which no object needs to hold. */
  #nextTime(): number {
    const draws = this.#draws
    const at = this.#at
    const us = this.#us + 10 + draws.below(at, 991)
    const carry = less(999, us)
    const ms = this.#ms + carry
    this.#us = us - 1000 * carry
    this.#ms = ms
    const draw = draws.below(at + 1, 1000)
    const isDelayed = less(draw, 505)
    this.#at = at + 2 + isDelayed
    if (draw < 5) return ms - 5000 - draws.below(at + 2, 15_001)
    return ms - isDelayed * draws.below(at + 2, 2001)
  }

  /** Item, two prices of two numbers each, expiry, then the seller, and the category. */
  #auctionDraws(): number {
    return this.#draws.below(this.#at + 6, 4) === 0 ? 8 : 9
  }

  #bid(ms: number, epoch: number): Bid {
    const draws = this.#draws
    let at = this.#at
    const newest = 3 * epoch + 2
    const isAnyAuction = draws.below(at, 2)
    const anyAuction = draws.below(at + 1, Math.min(newest + 1, 100))
    const auction = 1000 + newest - choose(isAnyAuction, anyAuction, newest % 100)
    at += 1 + isAnyAuction
    const isAnyBidder = less(0, draws.below(at, 4))
    const anyBidder = draws.below(at + 1, Math.min(epoch + 1, 5000))
    const bidder = 1000 + epoch - choose(isAnyBidder, anyBidder, epoch % 100)
    at += 1 + isAnyBidder
    const base = priceBases[draws.below(at, 4)] as number
    const price = base + draws.below(at + 1, 9 * base)
    const isCold = draws.below(at + 2, 2)
    const cold = hotChannels.length + draws.below(at + 3, coldChannels.length)
    const channel = channels[choose(isCold, cold, draws.below(at + 3, 4))] as string
    this.#at = at + 4
    return { auction, bidder, price, channel, ts: baseMs + ms }
  }
}

/**
 * 1 if it is less, 0 if not; both small whole numbers. Like `choose` without a branch: what depends
 * on draws no processor can predict, and each mistake costs as much as making five numbers.
 */
function less(one: number, other: number): number {
  return (one - other) >>> 31
}

/** `one` if `flag` is 1, `other` if it is 0. */
function choose(flag: number, one: number, other: number): number {
  return other + flag * (one - other)
}
