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
const SHORT_MAX = 16

const WORD_BYTES = 4
const ONES = 0x01010101
const HIGH_BITS = 0x80808080 | 0
const SPACES = 0x20202020
const QUOTES = QUOTE * ONES
const BACKSLASHES = BACKSLASH * ONES
/** How the replacement of a lone surrogate begins, in each byte. */
const SURROGATES = (0xef * ONES) | 0

/**
 * Bytes that grow at the end. Whoever appends decides when to `take` them, and so how large they
 * get.
 *
 * @public
 */
export class ByteBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  /** Of `#bytes`. */
  #view = new DataView(new ArrayBuffer(0))
  #length = 0
  #capacity = FIRST_CAPACITY
  readonly #pool: StoragePool | undefined

  /** @param pool - Where storage comes from if there is some, and where `recycle` gives it to. */
  constructor(pool?: StoragePool) {
    this.#pool = pool
  }

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
  appendWords({ words, length }: ByteWords): void {
    this.#reserve(words.length * WORD_BYTES)
    const view = this.#view
    const start = this.#length
    for (let index = 0; index < words.length; index += 1) {
      view.setInt32(start + index * WORD_BYTES, words[index] as number, true)
    }
    this.#length = start + length
  }

  /** Appends one byte. @internal */
  appendByte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length] = byte
    this.#length += 1
  }

  /** Replaces a byte that was appended. @internal */
  replaceByte(index: number, byte: number): void {
    this.#bytes[index] = byte
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
    if (!this.tryAppendJsonString(text)) this.appendText(JSON.stringify(text))
  }

  /** The same, unless something must be escaped: then it returns false. @internal */
  tryAppendJsonString(text: string): boolean {
    this.#reserve(text.length * BYTES_PER_CODE_UNIT_MAX + 2 + WORD_BYTES)
    const start = this.#length + 1
    const end =
      text.length < SHORT_MAX ? this.#copyPlain(text, start) : this.#writePlain(text, start)
    if (end === -1) return false
    const bytes = this.#bytes
    bytes[start - 1] = QUOTE
    bytes[end] = QUOTE
    this.#length = end + 1
    return true
  }

  /** A copy of what was appended from `start` on. @internal */
  copy(start: number): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(start, this.#length))
  }

  /** Forgets what was appended after the buffer had this length. @internal */
  truncate(length: number): void {
    this.#length = length
  }

  /** Hands over the bytes, which nothing here touches before `recycle`, and starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#bytes.buffer as ArrayBuffer, 0, this.#length)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    return taken
  }

  /** Copies a text that JSON takes as it is; returns its end, exclusive, or -1 for another text. */
  #copyPlain(text: string, start: number): number {
    const bytes = this.#bytes
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code >= ASCII_END || escapes[code] !== PLAIN) return -1
      bytes[start + index] = code
    }
    return start + text.length
  }

  /** The same for texts of any characters, quicker where they are not short. */
  #writePlain(text: string, start: number): number {
    const view = this.#view
    const end = start + this.#bytes.write(text, start, 'utf8')
    view.setInt32(end, SPACES)
    // Has a word a byte below 0x20, or one that is zero once it is XORed with what is looked for?
    // (Hacker's Delight, 6-1; a byte above such a one may be taken for one too.)
    let found = 0
    for (let at = start; at < end; at += WORD_BYTES) {
      const word = view.getInt32(at, true)
      const quote = word ^ QUOTES
      const backslash = word ^ BACKSLASHES
      const surrogate = word ^ SURROGATES
      found |=
        ((word - SPACES) & ~word) |
        ((quote - ONES) & ~quote) |
        ((backslash - ONES) & ~backslash) |
        ((surrogate - ONES) & ~surrogate)
    }
    return (found & HIGH_BITS) === 0 ? end : -1
  }

  /**
   * Gives back to the pool what `take` returned, when nobody uses it any more: memory that is
   * written again costs less than new memory.
   */
  recycle(taken: Uint8Array<ArrayBuffer>): void {
    this.#pool?.give(taken.buffer)
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    while (this.#capacity < needed) this.#capacity *= 2
    const storage = this.#newStorage()
    const grown = Buffer.from(storage)
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(storage)
  }

  #newStorage(): ArrayBuffer {
    // Not from Node's shared pool: `take` gives the storage away.
    return this.#pool?.take(this.#capacity) ?? Buffer.allocUnsafeSlow(this.#capacity).buffer
  }
}

/**
 * Memory that several buffers use in turn.
 *
 * @public
 */
export class StoragePool {
  readonly #bytesMax: number
  readonly #spare: ArrayBuffer[] = []
  #bytes = 0

  /** @param bytesMax - What is kept for later, at most. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Storage of at least `bytes`, with anything in it; `undefined`: there is none. */
  take(bytes: number): ArrayBuffer | undefined {
    const last = this.#spare.at(-1)
    if (last === undefined || last.byteLength < bytes) return undefined
    this.#bytes -= last.byteLength
    return this.#spare.pop()
  }

  /** Nobody else may use the storage any more. */
  give(storage: ArrayBuffer): void {
    if (this.#bytes + storage.byteLength > this.#bytesMax) return
    this.#bytes += storage.byteLength
    this.#spare.push(storage)
  }
}

/** A few bytes, to be appended often. @internal */
export class ByteWords {
  /** Four bytes each, the first the lowest; zeros behind the last byte. */
  readonly words: Int32Array
  /** The number of bytes. */
  readonly length: number

  constructor(bytes: Uint8Array) {
    const padded = Buffer.alloc(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES)
    padded.set(bytes)
    const view = new DataView(padded.buffer, padded.byteOffset)
    this.words = Int32Array.from({ length: padded.length / WORD_BYTES }, (_, index) =>
      view.getInt32(index * WORD_BYTES, true),
    )
    this.length = bytes.length
  }
}

/** Whether JSON takes an ASCII character as it is, by code. */
const escapes = new Uint8Array(ASCII_END)
const PLAIN = 0
escapes.fill(1, 0, 0x20)
escapes[QUOTE] = 1
escapes[BACKSLASH] = 1
