import { defined } from '../common/assert.ts'
import type { OutputChannel } from './channel.ts'
import type { Output } from './output.ts'
import type { StreamEvent } from './stream-element.ts'

/** Picks the channel (index) of a record. @internal */
export type ChannelSelector = (value: unknown) => number

/** The output of a chain to another vertex. @internal */
export interface EdgeOutput extends Output {
  /** Records emitted so far; a record to every channel counts once. */
  readonly recordCount: number
  emitEvent(event: StreamEvent): void
}

/**
 * The output of a chain to all subtasks of one downstream vertex: records go to one channel (or to
 * all, without a selector), everything else to all. Runs on the task's thread.
 *
 * @internal
 */
export class RecordWriter implements EdgeOutput {
  readonly #channels: readonly OutputChannel[]
  readonly #select: ChannelSelector | undefined
  recordCount = 0

  /** `select` undefined: every record goes to every channel. */
  constructor(channels: readonly OutputChannel[], select: ChannelSelector | undefined) {
    this.#channels = channels
    this.#select = select
  }

  collect(value: unknown, timestamp: number): void {
    this.recordCount += 1
    if (this.#select === undefined) {
      for (const channel of this.#channels) channel.push(value, timestamp)
      return
    }
    const channel = this.#channels[this.#select(value)]
    defined(channel, 'a record goes to an existing channel').push(value, timestamp)
  }

  emitWatermark(timestamp: number): void {
    this.emitEvent({ type: 'watermark', timestamp })
  }

  emitIdle(idle: boolean): void {
    this.emitEvent({ type: 'idle', idle })
  }

  emitEvent(event: StreamEvent): void {
    for (const channel of this.#channels) channel.pushEvent(event)
  }
}

/** One record to each of `channelCount` channels in turn, beginning with `first`. @internal */
export function roundRobin(channelCount: number, first: number): ChannelSelector {
  let next = first % channelCount
  return () => {
    const channel = next
    next = next + 1 === channelCount ? 0 : next + 1
    return channel
  }
}
