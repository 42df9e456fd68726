import { Buffer } from 'node:buffer'
import { ByteReader } from '../state/byte-reader.ts'
import { ValueReader } from '../state/value-codec.ts'
import type { ByteRing } from './byte-ring.ts'
import type { InputChannel, RecordRun } from './channel.ts'
import { RecordBatchReader } from './record-batch-reader.ts'
import { frameHeaderBytes, frameKinds, type RingEnd } from './ring-frame.ts'
import type { StreamEvent } from './stream-element.ts'

/** @internal */
export interface RingInputParts {
  readonly ring: ByteRing
  /** Wakes the writer's thread. */
  readonly wakeWriter: () => void
}

/**
 * The reading end of a channel from another thread. A frame is copied out of the ring, which gives
 * room at once, and decoded when it is complete. Runs on the reader's thread.
 *
 * @internal
 */
export class RingInput implements InputChannel, RingEnd {
  readonly #parts: RingInputParts
  readonly #records = new RecordBatchReader()
  readonly #eventBytes = new ByteReader(new Uint8Array(0))
  readonly #events = new ValueReader(this.#eventBytes)
  #frame: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(frameBytesUsual)
  #filled = 0
  /** The length of what is being read: a header, or the body behind it. */
  #wanted = frameHeaderBytes
  /** That of the body. */
  #kind: number | undefined
  #asleep = false
  onReadable: () => void = () => {}

  constructor(parts: RingInputParts) {
    this.#parts = parts
  }

  take(): RecordRun | StreamEvent | undefined {
    while (!this.#fill()) {
      if (this.#parts.ring.awaitBytes()) continue
      this.#asleep = true
      return undefined
    }
    return this.#decode()
  }

  poll(): void {
    if (!this.#asleep || this.#parts.ring.readable === 0) return
    this.#asleep = false
    this.onReadable()
  }

  /** Reads on. @returns whether the frame is complete. */
  #fill(): boolean {
    if (!this.#read()) return false
    if (this.#kind !== undefined) return true
    this.#kind = this.#frame.readUInt32LE(4)
    this.#expect(this.#frame.readUInt32LE(0))
    return this.#read()
  }

  #read(): boolean {
    const { ring, wakeWriter } = this.#parts
    const count = ring.read(this.#frame, this.#filled, this.#wanted - this.#filled)
    this.#filled += count
    if (count > 0 && ring.takeWaitingWriter()) wakeWriter()
    return this.#filled === this.#wanted
  }

  #expect(length: number): void {
    if (length > this.#frame.length) this.#frame = Buffer.allocUnsafeSlow(length)
    this.#wanted = length
    this.#filled = 0
  }

  #decode(): RecordRun | StreamEvent {
    const body = this.#frame.subarray(0, this.#wanted)
    const element = this.#kind === frameKinds.records ? this.#records.read(body) : this.#event(body)
    // An odd large one is not kept.
    if (this.#frame.length > frameBytesKept) this.#frame = Buffer.allocUnsafeSlow(frameBytesUsual)
    this.#expect(frameHeaderBytes)
    this.#kind = undefined
    return element
  }

  #event(body: Buffer): StreamEvent {
    this.#eventBytes.restart(body)
    return this.#events.read() as StreamEvent
  }
}

const frameBytesUsual = 32_768
const frameBytesKept = 1_048_576
