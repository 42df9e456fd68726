import type { Scheduler } from '../common/scheduler.ts'
import { ByteWriter } from '../state/byte-writer.ts'
import { ValueWriter } from '../state/value-codec.ts'
import type { ByteRing } from './byte-ring.ts'
import type { OutputChannel } from './channel.ts'
import { frameKinds, type RingEnd } from './ring-frame.ts'
import { noTimestamp, type StreamEvent } from './stream-element.ts'

/** @internal */
export interface RingOutputParts {
  readonly ring: ByteRing
  /** Wakes the reader's thread. */
  readonly wakeReader: () => void
  readonly scheduler: Scheduler
  /** Names the edge, for errors. */
  readonly edgeName: string
}

/**
 * The writing end of a channel to another thread. Records are encoded as they are pushed, and go
 * into the ring in frames: when one is large enough, before an event, and soon. What the ring has
 * no room for waits here, in order, and the channel is full meanwhile. Runs on the writer's thread.
 *
 * @internal
 */
export class RingOutput implements OutputChannel, RingEnd {
  readonly #parts: RingOutputParts
  readonly #frame = new ByteWriter(frameBytesMax * 2)
  readonly #values: ValueWriter
  #timestamps: number[] = []
  /** Whether a record of the frame has a timestamp. */
  #timed = false
  #flushing = false
  /** What the ring had no room for. */
  readonly #backlog: Uint8Array[] = []
  onFull: (full: boolean) => void = () => {}

  constructor(parts: RingOutputParts) {
    this.#parts = parts
    this.#values = new ValueWriter(this.#frame, {
      code: 'FLINKTS_RECORD_NOT_TRANSFERABLE',
      name: `a record of ${parts.edgeName}, to another thread,`,
    })
  }

  push(value: unknown, timestamp: number): void {
    if (this.#timestamps.length === 0) this.#openFrame()
    this.#values.write(value)
    this.#timestamps.push(timestamp)
    if (timestamp !== noTimestamp) this.#timed = true
    if (this.#frame.length >= frameBytesMax) this.#endRecords()
  }

  pushEvent(event: StreamEvent): void {
    this.#endRecords()
    this.#begin(frameKinds.event)
    this.#values.write(event)
    this.#send()
  }

  poll(): void {
    while (this.#backlog.length > 0) {
      if (!this.#parts.ring.awaitRoom()) return
      this.#drain()
      if (this.#backlog.length === 0) this.onFull(false)
    }
  }

  #openFrame(): void {
    this.#begin(frameKinds.records)
    // The number of records, when it is known.
    this.#frame.uint32(0)
    if (this.#flushing) return
    this.#flushing = true
    this.#parts.scheduler.soon(() => {
      this.#flushing = false
      this.#endRecords()
    })
  }

  #endRecords(): void {
    const timestamps = this.#timestamps
    if (timestamps.length === 0) return
    const frame = this.#frame
    frame.uint32At(countPosition, timestamps.length)
    frame.uint8(this.#timed ? 1 : 0)
    if (this.#timed) for (const timestamp of timestamps) frame.float64(timestamp)
    this.#timestamps = []
    this.#timed = false
    this.#send()
  }

  #begin(kind: number): void {
    this.#frame.truncate(0)
    // The length, when it is known.
    this.#frame.uint32(0)
    this.#frame.uint8(kind)
  }

  #send(): void {
    const frame = this.#frame
    frame.uint32At(0, frame.length - lengthBytes)
    const bytes = frame.written()
    if (this.#backlog.length > 0) {
      this.#backlog.push(bytes.slice())
      return
    }
    const written = this.#write(bytes)
    if (written === bytes.length) return
    this.#backlog.push(bytes.slice(written))
    this.onFull(true)
    // The reader may have made room in between.
    this.poll()
  }

  #drain(): void {
    let done = 0
    for (const bytes of this.#backlog) {
      const written = this.#write(bytes)
      if (written < bytes.length) {
        this.#backlog[done] = bytes.subarray(written)
        break
      }
      done += 1
    }
    this.#backlog.splice(0, done)
  }

  /** @returns how many bytes the ring had room for. */
  #write(bytes: Uint8Array): number {
    const { ring, wakeReader } = this.#parts
    const written = ring.write(bytes)
    if (written > 0 && ring.takeWaitingReader()) wakeReader()
    return written
  }
}

/** A frame of records is sent when it has this length; one record more may be in it. */
const frameBytesMax = 16_384
const lengthBytes = 4
const countPosition = lengthBytes + 1
