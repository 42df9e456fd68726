import { Buffer } from 'node:buffer'
import { FlinktsError } from '../common/errors.ts'

/**
 * Reads what a `ByteWriter` wrote; never beyond the end. Every method throws
 * `FLINKTS_STATE_UNREADABLE` when the bytes end too early or cannot be what it reads.
 *
 * @internal
 */
export class ByteReader {
  #bytes: Buffer
  #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bufferOver(bytes)
    this.#view = viewOver(bytes)
  }

  /** Goes on with other bytes, from their beginning. */
  restart(bytes: Uint8Array): void {
    this.#bytes = bufferOver(bytes)
    this.#view = viewOver(bytes)
    this.#position = 0
  }

  /** The number of bytes read. */
  get position(): number {
    return this.#position
  }

  /** The number of bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  /** Passes over the next `count` bytes. */
  skip(count: number): void {
    this.#take(count)
  }

  uint8(): number {
    const value = this.#bytes[this.#position]
    if (value === undefined) return this.#endsEarly(1)
    this.#position += 1
    return value
  }

  uint32(): number {
    const at = this.#take(4)
    return this.#view.getUint32(at, true)
  }

  int32(): number {
    const at = this.#take(4)
    return this.#view.getInt32(at, true)
  }

  float64(): number {
    const at = this.#take(8)
    return this.#view.getFloat64(at, true)
  }

  /** `count` integers of `width` bytes, which may be 1, 2 or 4. */
  integers(count: number, width: number): Int32Array {
    if (width !== 1 && width !== 2 && width !== 4) {
      throw unreadable(`the stored bytes hold integers of the unknown width ${width}`)
    }
    const at = this.#take(count * width)
    const view = this.#view
    const numbers = new Int32Array(count)
    if (width === 1) {
      for (let i = 0; i < count; i += 1) numbers[i] = view.getInt8(at + i)
    } else if (width === 2) {
      for (let i = 0; i < count; i += 1) numbers[i] = view.getInt16(at + i * 2, true)
    } else {
      for (let i = 0; i < count; i += 1) numbers[i] = view.getInt32(at + i * 4, true)
    }
    return numbers
  }

  float64s(count: number): Float64Array {
    const at = this.#take(count * 8)
    const numbers = new Float64Array(count)
    for (let i = 0; i < count; i += 1) numbers[i] = this.#view.getFloat64(at + i * 8, true)
    return numbers
  }

  /** A whole number from 0 to 2^53 (exclusive). */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < varintBytesMax; count += 1) {
      const byte = this.uint8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return this.#checked(value)
      scale *= 128
    }
    return this.#checked(Number.POSITIVE_INFINITY)
  }

  /**
   * A varint that counts things of at least `size` bytes each, so it cannot exceed what is left.
   */
  count(size: number): number {
    const count = this.varint()
    if (count * size > this.remaining) this.#endsEarly(count * size)
    return count
  }

  /** A view of the next `length` bytes; it shares their memory. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length)
  }

  /** A copy of the next `length` bytes. */
  copy(length: number): Buffer<ArrayBuffer> {
    const at = this.#take(length)
    const copied = Buffer.allocUnsafeSlow(length)
    this.#bytes.copy(copied, 0, at, at + length)
    return copied
  }

  /** `length` ASCII characters. */
  ascii(length: number): string {
    const at = this.#take(length)
    return this.#bytes.toString('latin1', at, at + length)
  }

  utf8(): string {
    const length = this.varint()
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  utf16(): string {
    const length = this.varint() * 2
    const at = this.#take(length)
    return this.#bytes.toString('utf16le', at, at + length)
  }

  magnitude(): bigint {
    const lowestFirst = this.bytes(this.count(1))
    const digits = Buffer.from(lowestFirst.toReversed()).toString('hex')
    return digits === '' ? 0n : BigInt(`0x${digits}`)
  }

  #take(count: number): number {
    const at = this.#position
    if (count > this.#bytes.length - at) this.#endsEarly(count)
    this.#position = at + count
    return at
  }

  #checked(value: number): number {
    if (value <= Number.MAX_SAFE_INTEGER) return value
    throw unreadable('the stored bytes hold a number beyond 2^53')
  }

  #endsEarly(count: number): never {
    throw unreadable(`the stored bytes end early: ${count} more are needed at ${this.#position}`)
  }
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function viewOver(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The error for bytes that are not what they should be. @internal */
export function unreadable(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_STATE_UNREADABLE', message, {
    hint:
      'The bytes were written by another release of flinkts, or are not of it. Use the release ' +
      'that wrote them, or a later one.',
  })
}

const varintBytesMax = 8
