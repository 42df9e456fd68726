import { assert, defined } from '../../common/assert.ts'
import type { AsyncElement, AsyncEvent, AsyncRecord } from './async-element.ts'

/**
 * What is under way in an async operator: records and, between them, events. It decides what may be
 * emitted next. (Flink: OrderedStreamElementQueue, UnorderedStreamElementQueue.)
 *
 * @internal
 */
export interface AsyncQueue {
  /** Records and events that were put and not yet taken. */
  readonly size: number
  put(element: AsyncElement): void
  /** The outcome of a record that was put is there. Called once for it. */
  completed(record: AsyncRecord): void
  /** Takes the next element that may be emitted; `undefined`: none may yet. */
  take(): AsyncElement | undefined
  /** The records that were put and not taken, in the order in which they were put. */
  records(): Iterable<AsyncRecord>
}

/** Everything comes out in the order in which it was put. @internal */
export class OrderedQueue implements AsyncQueue {
  readonly #elements = new Deque<AsyncElement>()

  get size(): number {
    return this.#elements.size
  }

  put(element: AsyncElement): void {
    this.#elements.push(element)
  }

  completed(): void {}

  take(): AsyncElement | undefined {
    const first = this.#elements.first
    if (first === undefined) return undefined
    if (first.type === 'record' && first.outcome === undefined) return undefined
    return this.#elements.shift()
  }

  *records(): Iterable<AsyncRecord> {
    for (const element of this.#elements) if (element.type === 'record') yield element
  }
}

/** The records between two events. */
interface Segment {
  /** Records that were put and not yet taken. */
  pending: number
  /** Those whose outcome is there, in the order in which it came. */
  readonly done: Deque<AsyncRecord>
  /** The event that comes when the segment is empty; `undefined` in the last segment. */
  event: AsyncEvent | undefined
}

/** Records overtake each other, but no event, and no event overtakes them. @internal */
export class UnorderedQueue implements AsyncQueue {
  readonly #segments = new Deque<Segment>()
  /** In the order in which they were put. */
  readonly #records = new Map<AsyncRecord, Segment>()
  #events = 0
  #last: Segment

  constructor() {
    this.#last = this.#append()
  }

  get size(): number {
    return this.#records.size + this.#events
  }

  put(element: AsyncElement): void {
    if (element.type === 'record') {
      this.#last.pending += 1
      this.#records.set(element, this.#last)
      return
    }
    this.#events += 1
    this.#last.event = element
    this.#last = this.#append()
  }

  completed(record: AsyncRecord): void {
    const segment = this.#records.get(record)
    assert(segment !== undefined, 'a record completes while it is in the queue')
    segment.done.push(record)
  }

  take(): AsyncElement | undefined {
    const segment = defined(this.#segments.first, 'the last segment is always there')
    const record = segment.done.shift()
    if (record !== undefined) {
      segment.pending -= 1
      this.#records.delete(record)
      return record
    }
    if (segment.pending > 0 || segment.event === undefined) return undefined
    this.#segments.shift()
    this.#events -= 1
    return segment.event
  }

  records(): Iterable<AsyncRecord> {
    return this.#records.keys()
  }

  #append(): Segment {
    const segment: Segment = { pending: 0, done: new Deque(), event: undefined }
    this.#segments.push(segment)
    return segment
  }
}

/** Positions at the front that are kept before they are given back. */
const spentMax = 64

/** A queue whose two ends cost the same. */
class Deque<T> {
  #items: T[] = []
  #start = 0

  get size(): number {
    return this.#items.length - this.#start
  }

  get first(): T | undefined {
    return this.#items[this.#start]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    const item = this.#items[this.#start]
    this.#start += 1
    if (this.#start > spentMax && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return item
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.#start; index < this.#items.length; index += 1) {
      yield this.#items[index] as T
    }
  }
}
