import { Buffer } from 'node:buffer'
import { assert } from '../common/assert.ts'

/**
 * A growing buffer. Numbers are little endian; a varint has seven bits a byte, lowest first, the
 * high bit set on all but the last byte. Not thread safe.
 *
 * @internal
 */
export class ByteWriter {
  #bytes: Buffer
  #view: DataView
  #length = 0

  /** `capacity`: bytes to reserve, > 0; the buffer doubles when they are used up. */
  constructor(capacity = 256) {
    assert(capacity > 0, 'a byte writer needs a capacity')
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** The number of bytes written. */
  get length(): number {
    return this.#length
  }

  /** What was written, without a copy: valid until the next write. */
  written(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#length)
  }

  /** Takes back everything after the first `length` bytes. */
  truncate(length: number): void {
    assert(length <= this.#length, 'a byte writer is truncated beyond its end')
    this.#length = length
  }

  /** Takes back everything; memory of more than `bytesKeptMax` is given back. */
  restart(bytesKeptMax: number): void {
    this.#length = 0
    if (this.#bytes.length > bytesKeptMax) this.#allocate(bytesKeptMax)
  }

  uint8(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#length] = value
    this.#length += 1
  }

  uint32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  /** Overwrites four bytes that were written before. */
  uint32At(position: number, value: number): void {
    assert(position + 4 <= this.#length, 'a byte writer overwrites bytes beyond its end')
    this.#view.setUint32(position, value, true)
  }

  int32(value: number): void {
    this.reserve(4)
    this.#view.setInt32(this.#length, value, true)
    this.#length += 4
  }

  float64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** Writes numbers side by side; each fits in `width` bytes. */
  integers(numbers: Int32Array, width: IntegerWidth): void {
    this.bytes(lowestFirst(ofWidth(numbers, width)))
  }

  /** Writes numbers side by side. */
  float64s(numbers: Float64Array): void {
    this.bytes(lowestFirst(numbers))
  }

  /** Writes a whole number from 0 to 2^53 (exclusive). */
  varint(value: number): void {
    this.reserve(8)
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    while (rest > 0x7fffffff) {
      bytes[at] = (rest % 128) | 0x80
      at += 1
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      bytes[at] = (rest & 0x7f) | 0x80
      at += 1
      rest >>>= 7
    }
    bytes[at] = rest
    this.#length = at + 1
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /**
   * Writes the characters as bytes if all are ASCII; writes nothing, and returns false, otherwise.
   */
  ascii(text: string): boolean {
    const length = text.length
    this.reserve(length)
    const bytes = this.#bytes
    const start = this.#length
    let all = 0
    for (let i = 0; i < length; i += 1) {
      const unit = text.charCodeAt(i)
      all |= unit
      bytes[start + i] = unit
    }
    if (all > 0x7f) return false
    this.#length = start + length
    return true
  }

  /** The number of bytes as a varint, and the UTF-8 form of `text`, which must be well-formed. */
  utf8(text: string): void {
    const length = text.length
    if (length <= asciiLengthMax) {
      const start = this.#length
      this.varint(length)
      if (this.ascii(text)) return
      this.#length = start
    }
    const size = Buffer.byteLength(text, 'utf8')
    this.varint(size)
    this.reserve(size)
    this.#bytes.write(text, this.#length, 'utf8')
    this.#length += size
  }

  /** The number of UTF-16 code units as a varint, and the units: any string, also ill-formed. */
  utf16(text: string): void {
    this.varint(text.length)
    this.reserve(text.length * 2)
    this.#bytes.write(text, this.#length, 'utf16le')
    this.#length += text.length * 2
  }

  /** The code units of `text`, a byte each, or two: nothing says how many, nor how long. */
  units(text: string, encoding: 'latin1' | 'utf16le'): void {
    const size = encoding === 'latin1' ? text.length : text.length * 2
    this.reserve(size)
    this.#bytes.write(text, this.#length, encoding)
    this.#length += size
  }

  /** Sign and magnitude: varint of the number of bytes, and they; no bytes for 0. */
  magnitude(value: bigint): void {
    const hex = value === 0n ? '' : value.toString(16)
    const digits = hex.length % 2 === 0 ? hex : `0${hex}`
    const size = digits.length / 2
    this.varint(size)
    this.reserve(size)
    this.#bytes.write(digits, this.#length, 'hex')
    this.#bytes.subarray(this.#length, this.#length + size).reverse()
    this.#length += size
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.#length + count > this.#bytes.length) this.#grow(count)
  }

  #grow(count: number): void {
    const old = this.#bytes
    this.#allocate(Math.max(old.length * 2, this.#length + count))
    this.#bytes.set(old.subarray(0, this.#length))
  }

  #allocate(capacity: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }
}

/** Bytes of an integer with a sign. @internal */
export type IntegerWidth = 1 | 2 | 4

/** By the engine, which is quicker than a loop, also before the code is compiled. */
function ofWidth(numbers: Int32Array, width: IntegerWidth): Numbers {
  if (width === 4) return numbers
  if (numbers.length > scratchLength) {
    return width === 1 ? new Int8Array(numbers) : new Int16Array(numbers)
  }
  const scratch = width === 1 ? scratchInt8s : scratchInt16s
  scratch.set(numbers)
  return scratch.subarray(0, numbers.length)
}

const scratchLength = 1024
/** Used by one call at a time, and never across calls. */
const scratchInt8s: Int8Array = new Int8Array(scratchLength)
const scratchInt16s: Int16Array = new Int16Array(scratchLength)

type Numbers = Int8Array | Int16Array | Int32Array | Float64Array

const machineIsInOrder = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/**
 * The bytes of numbers, the lowest of each first: a view of them if the machine has them in that
 * order.
 *
 * @internal
 */
export function lowestFirst(numbers: Numbers, inOrder: boolean = machineIsInOrder): Uint8Array {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  const width = numbers.BYTES_PER_ELEMENT
  if (inOrder || width === 1) return bytes
  const copy = Buffer.from(bytes)
  if (width === 2) return copy.swap16()
  return width === 4 ? copy.swap32() : copy.swap64()
}

/** Up to this length, a loop over the characters is quicker than a call into the runtime. */
const asciiLengthMax = 64
