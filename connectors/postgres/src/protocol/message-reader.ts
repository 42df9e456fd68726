import { FlinktsError } from '@flinkts/core/connector'

/** A message: `bytes` from `start` (inclusive) to `end` (exclusive). @internal */
export interface Payload {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/**
 * Reads the fields of one message in order: whole numbers are big-endian, strings end in a zero
 * byte. Reused from message to message.
 *
 * @internal
 */
export class MessageReader {
  bytes: Buffer = Buffer.alloc(0)
  /** The next byte to read. */
  at = 0
  /** The end of the message, exclusive. */
  end = 0

  reset(message: Payload): void {
    this.bytes = message.bytes
    this.at = message.start
    this.end = message.end
  }

  int8(): number {
    return this.bytes.readUInt8(this.#advance(1))
  }

  int16(): number {
    return this.bytes.readUInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#advance(4))
  }

  /** An OID or a transaction id. */
  uint32(): number {
    return this.bytes.readUInt32BE(this.#advance(4))
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64BE(this.#advance(8))
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#advance(8))
  }

  string(): string {
    const start = this.at
    const zero = this.bytes.indexOf(0, start)
    if (zero === -1 || zero >= this.end) throw truncated()
    this.at = zero + 1
    return this.bytes.toString('utf8', start, zero)
  }

  /** The offset of the next `length` bytes, which are then behind. */
  skip(length: number): number {
    return this.#advance(length)
  }

  #advance(length: number): number {
    const start = this.at
    const next = start + length
    if (length < 0 || next > this.end) throw truncated()
    this.at = next
    return start
  }
}

function truncated(): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_PROTOCOL_VIOLATED',
    'a message ends before its last field',
  )
}
