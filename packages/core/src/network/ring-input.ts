import { Buffer } from 'node:buffer'
import { assert } from '../common/assert.ts'
import { ByteReader } from '../state/byte-reader.ts'
import { ValueReader } from '../state/value-codec.ts'
import type { ByteRing } from './byte-ring.ts'
import type { InputChannel, RecordRun } from './channel.ts'
import { frameKinds, type RingEnd } from './ring-frame.ts'
import { noTimestamp, type StreamEvent } from './stream-element.ts'

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
  readonly #reader = new ByteReader(new Uint8Array(0))
  readonly #values: ValueReader
  #frame: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(frameBytesUsual)
  #filled = 0
  /** The length of what is being read: first the four bytes that say the length of the frame. */
  #wanted = lengthBytes
  #inBody = false
  #asleep = false
  onReadable: () => void = () => {}

  constructor(parts: RingInputParts) {
    this.#parts = parts
    this.#values = new ValueReader(this.#reader)
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
    if (this.#inBody) return true
    this.#expect(this.#frame.readUInt32LE(0))
    this.#inBody = true
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
    const reader = this.#reader
    reader.restart(this.#frame.subarray(0, this.#wanted))
    const kind = reader.uint8()
    const element =
      kind === frameKinds.records ? this.#records() : (this.#values.read() as StreamEvent)
    assert(reader.remaining === 0, 'a frame between threads is read to its end')
    // An odd large one is not kept.
    if (this.#frame.length > frameBytesKept) this.#frame = Buffer.allocUnsafeSlow(frameBytesUsual)
    this.#expect(lengthBytes)
    this.#inBody = false
    return element
  }

  #records(): RecordRun {
    const reader = this.#reader
    const count = reader.uint32()
    const values: unknown[] = []
    for (let i = 0; i < count; i += 1) values.push(this.#values.read())
    const timed = reader.uint8() === 1
    const timestamps: number[] = []
    for (let i = 0; i < count; i += 1) timestamps.push(timed ? reader.float64() : noTimestamp)
    return { type: 'records', values, timestamps }
  }
}

const lengthBytes = 4
const frameBytesUsual = 32_768
const frameBytesKept = 1_048_576
