import type { StreamEvent } from './stream-element.ts'

/** Consecutive records: parallel arrays. @internal */
export interface RecordRun {
  readonly type: 'records'
  readonly values: unknown[]
  readonly timestamps: number[]
}

/** How much a channel holds. @internal */
export interface ChannelLimits {
  /** Records in a channel after which it counts as full; >= 1. */
  readonly recordsMax: number
  /** Records handed to the reader at once; >= 1. */
  readonly runRecordsMax: number
}

/** @internal */
export const defaultChannelLimits: ChannelLimits = { recordsMax: 2048, runRecordsMax: 512 }

/**
 * The end of a channel that a task writes to. A full channel still takes records (the writer
 * finishes what it is doing) and says `full`; events are always taken, so a reader that waits for a
 * barrier gets it. Runs on the writer's thread.
 *
 * @internal
 */
export interface OutputChannel {
  /** Called when the channel turned full, and when it no longer is. Set by the writer. */
  onFull: (full: boolean) => void
  push(value: unknown, timestamp: number): void
  pushEvent(event: StreamEvent): void
}

/** The end of a channel that a task reads from. Runs on the reader's thread. @internal */
export interface InputChannel {
  /** Called when something can be taken after nothing could. Set by the reader. */
  onReadable: () => void
  /** The next run of records or event, in order; `undefined` if there is nothing. */
  take(): RecordRun | StreamEvent | undefined
}

/**
 * A bounded, ordered queue between two subtasks in one thread: both ends in one. Records are
 * passed by reference. Runs on the thread of both tasks.
 *
 * @internal
 */
export class Channel implements InputChannel, OutputChannel {
  readonly #limits: ChannelLimits
  readonly #queue: (RecordRun | StreamEvent)[] = []
  #head = 0
  #open: RecordRun | undefined
  #records = 0
  #full = false
  onReadable: () => void = () => {}
  onFull: (full: boolean) => void = () => {}

  constructor(limits: ChannelLimits) {
    this.#limits = limits
  }

  get readable(): boolean {
    return this.#head < this.#queue.length
  }

  push(value: unknown, timestamp: number): void {
    const run = this.#open ?? this.#openRun()
    run.values.push(value)
    run.timestamps.push(timestamp)
    this.#records += 1
    if (run.values.length >= this.#limits.runRecordsMax) this.#open = undefined
    if (!this.#full && this.#records >= this.#limits.recordsMax) this.#setFull(true)
  }

  pushEvent(event: StreamEvent): void {
    this.#open = undefined
    this.#enqueue(event)
  }

  take(): RecordRun | StreamEvent | undefined {
    const element = this.#queue[this.#head]
    if (element === undefined) return undefined
    this.#head += 1
    if (this.#head === this.#queue.length) this.#reset()
    if (element.type === 'records') this.#taken(element)
    return element
  }

  #taken(run: RecordRun): void {
    if (run === this.#open) this.#open = undefined
    this.#records -= run.values.length
    if (this.#full && this.#records < this.#limits.recordsMax) this.#setFull(false)
  }

  #openRun(): RecordRun {
    this.#open = { type: 'records', values: [], timestamps: [] }
    this.#enqueue(this.#open)
    return this.#open
  }

  #enqueue(element: RecordRun | StreamEvent): void {
    const wasReadable = this.readable
    this.#queue.push(element)
    if (!wasReadable) this.onReadable()
  }

  #reset(): void {
    this.#queue.length = 0
    this.#head = 0
  }

  #setFull(full: boolean): void {
    this.#full = full
    this.onFull(full)
  }
}
