import type { Scheduler } from '../common/scheduler.ts'
import { ByteWriter } from '../state/byte-writer.ts'
import { ValueWriter } from '../state/value-codec.ts'
import type { ByteRing } from './byte-ring.ts'
import type { OutputChannel } from './channel.ts'
import { RecordBatchWriter } from './record-batch-writer.ts'
import { frameHeaderBytes, frameKinds, type RingEnd } from './ring-frame.ts'
import type { StreamEvent } from './stream-element.ts'

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
  readonly #frame = new ByteWriter(frameBytesUsual)
  readonly #records: RecordBatchWriter
  readonly #events: ValueWriter
  #flushing = false
  /** What the ring had no room for. */
  readonly #backlog: Uint8Array[] = []
  onFull: (full: boolean) => void = () => {}

  constructor(parts: RingOutputParts) {
    this.#parts = parts
    this.#records = new RecordBatchWriter({
      code: 'FLINKTS_RECORD_NOT_TRANSFERABLE',
      name: `a record of ${parts.edgeName}, to another thread,`,
    })
    this.#events = new ValueWriter(this.#frame, `an event of ${parts.edgeName}`)
  }

  push(value: unknown, timestamp: number): void {
    this.#records.push(value, timestamp)
    if (this.#records.full) this.#endRecords()
    else if (!this.#flushing) this.#flushSoon()
  }

  pushEvent(event: StreamEvent): void {
    this.#endRecords()
    this.#begin(frameKinds.event)
    this.#events.write(event)
    this.#send()
  }

  poll(): void {
    while (this.#backlog.length > 0) {
      if (!this.#parts.ring.awaitRoom()) return
      this.#drain()
      if (this.#backlog.length === 0) this.onFull(false)
    }
  }

  #flushSoon(): void {
    this.#flushing = true
    this.#parts.scheduler.soon(() => {
      this.#flushing = false
      // The task has failed: there is nobody for whom the end of it could be.
      if (!this.#records.torn) this.#endRecords()
    })
  }

  #endRecords(): void {
    if (this.#records.rowCount === 0 && !this.#records.torn) return
    this.#begin(frameKinds.records)
    this.#records.end(this.#frame)
    this.#send()
  }

  #begin(kind: number): void {
    this.#frame.restart(frameBytesKept)
    // The length, when it is known.
    this.#frame.uint32(0)
    this.#frame.uint32(kind)
  }

  #send(): void {
    const frame = this.#frame
    frame.uint32At(0, frame.length - frameHeaderBytes)
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

const frameBytesUsual = 32_768
/** The memory of an odd large frame is given back. */
const frameBytesKept = 1_048_576
