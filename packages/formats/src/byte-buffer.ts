import { Buffer } from 'node:buffer'

const FIRST_CAPACITY = 1024
// A UTF-16 code unit takes three bytes of UTF-8 at most.
const BYTES_PER_CODE_UNIT_MAX = 3

/** Of a whole number below 2^31. */
const DIGITS_MAX = 10

const LINE_FEED = 0x0a
const QUOTE = 0x22
const ZERO = 0x30
const BACKSLASH = 0x5c
const ASCII_END = 0x80
/** Shorter texts are copied in a loop: a call out of JavaScript takes longer. */
const SHORT_MAX = 24

/**
 * Bytes that grow at the end. Whoever appends decides when to `take` them, and so how large they
 * get.
 *
 * @public
 */
export class ByteBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #capacity = FIRST_CAPACITY

  /** The number of bytes appended since the last `take`. */
  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Appends `text` in UTF-8. */
  appendText(text: string): void {
    this.#reserve(text.length * BYTES_PER_CODE_UNIT_MAX)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
  }

  /** Appends `text` in UTF-8, and a line feed. */
  appendLine(text: string): void {
    this.#reserve(text.length * BYTES_PER_CODE_UNIT_MAX + 1)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
    this.#bytes[this.#length] = LINE_FEED
    this.#length += 1
  }

  /** Appends a few bytes: not worth the call that `append` makes. @internal */
  appendShort(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    const target = this.#bytes
    const start = this.#length
    for (let index = 0; index < bytes.length; index += 1) target[start + index] = bytes[index] ?? 0
    this.#length = start + bytes.length
  }

  /** Appends one byte. @internal */
  appendByte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length] = byte
    this.#length += 1
  }

  /** Appends text of ASCII characters only, a few of them. @internal */
  appendAscii(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    const start = this.#length
    for (let index = 0; index < text.length; index += 1) {
      bytes[start + index] = text.charCodeAt(index)
    }
    this.#length = start + text.length
  }

  /** Appends the decimal digits of a whole number from 0 to 2^31 - 1. @internal */
  appendDigits(number: number): void {
    this.#reserve(DIGITS_MAX)
    let digits = 1
    for (let rest = (number / 10) | 0; rest > 0; rest = (rest / 10) | 0) digits += 1
    this.#length += digits
    let rest = number
    for (let at = this.#length - 1; digits > 0; digits -= 1) {
      const tenth = (rest / 10) | 0
      this.#bytes[at] = ZERO + rest - tenth * 10
      rest = tenth
      at -= 1
    }
  }

  /** Appends `text` as a JSON string: in quotes, escaped as `JSON.stringify` does. @internal */
  appendJsonString(text: string): void {
    this.#reserve(text.length * BYTES_PER_CODE_UNIT_MAX + 2)
    const bytes = this.#bytes
    const start = this.#length + 1
    const end = text.length < SHORT_MAX ? copyPlain(text, bytes, start) : -1
    const textEnd = end === -1 ? copyEscaped(text, bytes, start) : end
    if (textEnd === -1) return this.appendText(JSON.stringify(text))
    bytes[start - 1] = QUOTE
    bytes[textEnd] = QUOTE
    this.#length = textEnd + 1
  }

  /** Forgets what was appended after the buffer had this length. @internal */
  truncate(length: number): void {
    this.#length = length
  }

  /** Hands over the bytes, which nothing here touches again, and starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#bytes.buffer as ArrayBuffer, 0, this.#length)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    return taken
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    while (this.#capacity < needed) this.#capacity *= 2
    // Not from Node's shared pool: `take` gives the storage away.
    const grown = Buffer.allocUnsafeSlow(this.#capacity)
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** Copies a text that JSON takes as it is; returns its end, exclusive, or -1 for another text. */
function copyPlain(text: string, bytes: Buffer, start: number): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code >= ASCII_END || escapes[code] !== PLAIN) return -1
    bytes[start + index] = code
  }
  return start + text.length
}

/**
 * Copies a text and puts backslashes before its quotes and backslashes; returns its end, exclusive,
 * or -1 if it needs more than that.
 */
function copyEscaped(text: string, bytes: Buffer, start: number): number {
  const end = start + bytes.write(text, start, 'utf8')
  let missing = 0
  for (let at = start; at < end; at += 1) {
    const escape = escapes[bytes[at] ?? 0]
    if (escape === PLAIN) continue
    if (escape !== BACKSLASHED) return -1
    missing += 1
  }
  const escapedEnd = end + missing
  for (let at = end - 1; missing > 0; at -= 1) {
    const byte = bytes[at] ?? 0
    bytes[at + missing] = byte
    if (escapes[byte] !== BACKSLASHED) continue
    missing -= 1
    bytes[at + missing] = BACKSLASH
  }
  return escapedEnd
}

/** What JSON asks of a byte of UTF-8, by byte. */
const escapes = new Uint8Array(256)
const PLAIN = 0
const BACKSLASHED = 1
const OTHERWISE = 2
escapes.fill(OTHERWISE, 0, 0x20)
escapes[QUOTE] = BACKSLASHED
escapes[BACKSLASH] = BACKSLASHED
// How the replacement of a lone surrogate begins.
escapes[0xef] = OTHERWISE
