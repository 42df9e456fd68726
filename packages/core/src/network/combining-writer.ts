import { defined } from '../common/assert.ts'
import type { OutputChannel } from './channel.ts'
import type {
  CombinedBatch,
  CombinedOutput,
  CombinedRecords,
  CreateCombiner,
  RecordCombiner,
} from './record-combiner.ts'
import { type ChannelSelector, type EdgeOutput, RecordWriter } from './record-writer.ts'
import { noTimestamp, type StreamEvent } from './stream-element.ts'

/**
 * The output to a vertex that gets its records combined by key, in batches. Nothing that a
 * checkpoint cuts off or a watermark promises is held back: it is sent first. Runs on the task's
 * thread.
 *
 * @internal
 */
export class CombiningWriter implements EdgeOutput, CombinedOutput {
  readonly #channels: readonly OutputChannel[]
  readonly #select: ChannelSelector
  readonly #events: RecordWriter
  readonly #combiner: RecordCombiner
  /** What waits for more, by channel; all of one timestamp. */
  readonly #batches: (CombinedBatch | undefined)[]
  #timestamp = noTimestamp
  recordCount = 0

  /** `select` is given keys. */
  constructor(
    channels: readonly OutputChannel[],
    select: ChannelSelector,
    createCombiner: CreateCombiner,
  ) {
    this.#channels = channels
    this.#select = select
    this.#events = new RecordWriter(channels, undefined)
    this.#combiner = createCombiner(this)
    this.#batches = channels.map(() => undefined)
  }

  collect(value: unknown, timestamp: number): void {
    this.recordCount += 1
    this.#combiner.add(value, timestamp)
  }

  send({ key, contents, count }: CombinedRecords, timestamp: number): void {
    if (timestamp !== this.#timestamp) {
      this.release()
      this.#timestamp = timestamp
    }
    const channel = this.#select(key)
    const batch = (this.#batches[channel] ??= { keys: [], contents: [], counts: [] })
    batch.keys.push(key)
    batch.contents.push(contents)
    batch.counts.push(count)
    if (batch.keys.length === batchMax) this.#push(channel, batch)
  }

  release(): void {
    for (const [channel, batch] of this.#batches.entries()) {
      if (batch !== undefined) this.#push(channel, batch)
    }
  }

  emitWatermark(timestamp: number): void {
    this.#combiner.advanceTo(timestamp)
    this.release()
    this.#events.emitWatermark(timestamp)
  }

  /** The watermarks of an idle channel hold nobody back: what it has not sent would be late. */
  emitIdle(idle: boolean): void {
    if (idle) this.#sendAll()
    this.#events.emitIdle(idle)
  }

  emitEvent(event: StreamEvent): void {
    this.#sendAll()
    this.#events.emitEvent(event)
  }

  #sendAll(): void {
    this.#combiner.flush()
    this.release()
  }

  #push(channel: number, batch: CombinedBatch): void {
    this.#batches[channel] = undefined
    const output = defined(this.#channels[channel], 'a key belongs to an existing channel')
    output.push(batch, this.#timestamp)
  }
}

/** Keys in a batch. A channel counts one as a record: so they are small. */
const batchMax = 128
