/** Messages that were received and not consumed, in memory that is used again and again. */

interface Block {
  readonly bytes: Buffer
  /** The first message that was not consumed. */
  start: number
  /** Where the next message goes. */
  end: number
}

const blockBytes = 262_144
/** So many empty blocks are kept; together with those in use they bound what is allocated. */
const spareBlocksMax = 4
/** The type byte and the length. */
const headerBytes = 5

/**
 * Whole messages of the protocol (a type byte, a 32-bit length that counts itself but not the type,
 * a payload), in order. Runs on the thread of the socket.
 *
 * @internal
 */
export class MessageQueue {
  readonly #blocks: Block[] = []
  readonly #spare: Buffer[] = []
  #byteCount = 0

  /** The payload at hand: set by `peek`, valid until `skip`. */
  bytes: Buffer = Buffer.alloc(0)
  /** Where the payload starts in `bytes`, inclusive. */
  start = 0
  /** Where the payload ends in `bytes`, exclusive. */
  end = 0

  /** Of all messages in the queue. */
  get byteCount(): number {
    return this.#byteCount
  }

  /** Copies whole messages: those of `bytes` from `start` to `end`. */
  push(bytes: Buffer, start: number, end: number): void {
    if (start === end) return
    const block = this.#blockFor(end - start)
    bytes.copy(block.bytes, block.end, start, end)
    block.end += end - start
    this.#byteCount += end - start
  }

  /** Whether there is a message; if so, `bytes`, `start` and `end` are its payload. */
  peek(): boolean {
    const block = this.#blocks[0]
    if (block === undefined) return false
    const { bytes, start } = block
    this.bytes = bytes
    this.start = start + headerBytes
    this.end = messageEnd(bytes, start)
    return true
  }

  /** Consumes the message that `peek` showed. */
  skip(): void {
    const block = this.#blocks[0]
    if (block === undefined) return
    this.#byteCount -= this.end - block.start
    block.start = this.end
    if (block.start < block.end) return
    this.#blocks.shift()
    const ofUsualSize = block.bytes.length === blockBytes
    if (ofUsualSize && this.#spare.length < spareBlocksMax) this.#spare.push(block.bytes)
  }

  #blockFor(length: number): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.bytes.length - last.end >= length) return last
    const spare = length <= blockBytes ? this.#spare.pop() : undefined
    const bytes = spare ?? Buffer.allocUnsafeSlow(Math.max(length, blockBytes))
    const block = { bytes, start: 0, end: 0 }
    this.#blocks.push(block)
    return block
  }
}

/** Where the message that begins at `at` ends, exclusive. @internal */
export function messageEnd(bytes: Buffer, at: number): number {
  return at + 1 + bytes.readUInt32BE(at + 1)
}
