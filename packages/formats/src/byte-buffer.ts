import { Buffer } from 'node:buffer'

const FIRST_CAPACITY = 1024
// A UTF-16 code unit takes three bytes of UTF-8 at most.
const BYTES_PER_CODE_UNIT_MAX = 3

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
    this.#bytes[this.#length] = 0x0a
    this.#length += 1
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
