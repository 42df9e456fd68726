import type { Bid } from './bid.ts'
import { uniformBid, uniformKey } from './uniform-bid.ts'

/** Makes the records of one subtask of a source, one after the other; deterministic. */
export interface RecordGenerator<T, Position> {
  /** The events that were made, also those that gave no record. */
  readonly eventCount: number
  /** Where it stands: all that it needs to go on. */
  readonly position: Position
  /** Undefined: that was all. */
  next(): T | undefined
}

/** Which of the subtasks of a source, and how far they go. */
export interface GeneratorScope {
  readonly subtask: number
  readonly subtaskCount: number
  /** Exclusive; `Infinity`: for ever. */
  readonly eventsMax: number
}

/** Bids with uniform keys, dealt to the subtasks in turn. */
export class UniformGenerator implements RecordGenerator<Bid, number> {
  readonly #first: number
  readonly #step: number
  readonly #eventsMax: number
  readonly #keyCount: number
  /** From the key of a bid to that of the next one here. */
  readonly #keyStep: number
  /** The key of the next bid: made by adding, as numbers of this size take long to divide. */
  #key: number
  eventCount: number

  constructor(scope: GeneratorScope, keyCount: number, position = 0) {
    this.#first = scope.subtask
    this.#step = scope.subtaskCount
    this.#eventsMax = scope.eventsMax
    this.#keyCount = keyCount
    this.#keyStep = uniformKey(this.#step, keyCount)
    this.#key = uniformKey(this.#indexOf(position), keyCount)
    this.eventCount = position
  }

  get position(): number {
    return this.eventCount
  }

  next(): Bid | undefined {
    const own = this.eventCount
    if (own >= this.#eventsMax) return undefined
    this.eventCount = own + 1
    const bidder = this.#key
    const next = bidder + this.#keyStep
    this.#key = next < this.#keyCount ? next : next - this.#keyCount
    return uniformBid({ index: this.#indexOf(own), own, bidder })
  }

  #indexOf(own: number): number {
    return own * this.#step + this.#first
  }
}
