import { FlinktsError } from '@flinkts/core/connector'

const twoTo32 = 2 ** 32
const varintBytesMax = 5

/** What is read, for the message of an error and the form of the fields. @internal */
export interface WireForm {
  /** The name of the API, such as `Fetch`. */
  readonly api: string
  readonly version: number
  readonly flexible: boolean
}

/**
 * Reads the primitive types of Kafka's protocol from one response; the counterpart of `WireWriter`.
 *
 * Nothing outside of the response is ever read, and nothing is allocated by a count that the bytes
 * at hand cannot hold. All 64-bit numbers (offsets, times, ids of producers) are numbers: brokers
 * count them up from 0, so 2^53 is never reached, and comparing them must be cheap. One that is
 * larger is refused, never rounded.
 *
 * Every method throws FLINKTS_KAFKA_PROTOCOL_VIOLATED where the bytes are none of the type.
 *
 * @internal
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #form: WireForm
  #position = 0
  /** Where reading stops: the end of the response, or of a tagged field. */
  #end: number

  constructor(bytes: Buffer, form: WireForm) {
    this.#bytes = bytes
    this.#form = form
    this.#end = bytes.length
  }

  get version(): number {
    return this.#form.version
  }

  get flexible(): boolean {
    return this.#form.flexible
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  int64(): number {
    const start = this.#take(8)
    const value = this.#bytes.readInt32BE(start) * twoTo32 + this.#bytes.readUInt32BE(start + 4)
    if (!Number.isSafeInteger(value)) this.#violated('a number beyond 2^53')
    return value
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  unsignedVarint(): number {
    let value = 0
    for (let index = 0; index < varintBytesMax; index++) {
      const byte = this.#bytes.readUInt8(this.#take(1))
      // A product, as a shift would make the 32nd bit a sign.
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value
    }
    return this.#violated('a varint of more than five bytes')
  }

  string(): string {
    return this.nullableString() ?? this.#violated('null for a string that must not be null')
  }

  nullableString(): string | undefined {
    const lengthBytes = this.flexible ? this.unsignedVarint() - 1 : this.int16()
    if (lengthBytes === -1) return undefined
    const start = this.#take(lengthBytes)
    return this.#bytes.toString('utf8', start, start + lengthBytes)
  }

  /** A view of the response, which it keeps in memory. */
  nullableBytes(): Buffer | undefined {
    const lengthBytes = this.#length()
    if (lengthBytes === -1) return undefined
    const start = this.#take(lengthBytes)
    return this.#bytes.subarray(start, start + lengthBytes)
  }

  /** 16 bytes as 22 characters, as Kafka's tools print them; undefined: the id of nothing. */
  uuid(): string | undefined {
    const start = this.#take(16)
    const bytes = this.#bytes.subarray(start, start + 16)
    return bytes.every((byte) => byte === 0) ? undefined : bytes.toString('base64url')
  }

  array<T>(read: (reader: WireReader) => T): T[] {
    return this.nullableArray(read) ?? this.#violated('null for an array that must not be null')
  }

  nullableArray<T>(read: (reader: WireReader) => T): T[] | undefined {
    const count = this.#length()
    if (count === -1) return undefined
    // Every element has at least one byte.
    if (count < 0 || count > this.#end - this.#position) this.#violated(`an array of ${count}`)
    const values: T[] = []
    for (let index = 0; index < count; index++) values.push(read(this))
    return values
  }

  int32Array(): number[] {
    return this.array(readInt32)
  }

  stringArray(): string[] {
    return this.array(readString)
  }

  /**
   * Reads the tagged fields at the end of a structure, if this version has any.
   *
   * @param read - Is given the tag of a field, and reads what it knows; the rest is passed over.
   */
  tags(read?: (tag: number) => void): void {
    if (!this.flexible) return
    const count = this.unsignedVarint()
    for (let index = 0; index < count; index++) {
      const tag = this.unsignedVarint()
      const lengthBytes = this.unsignedVarint()
      const outerEnd = this.#end
      if (lengthBytes > outerEnd - this.#position) this.#violated('a field beyond its end')
      const fieldEnd = this.#position + lengthBytes
      this.#end = fieldEnd
      read?.(tag)
      this.#position = fieldEnd
      this.#end = outerEnd
    }
  }

  /** The response must be read whole: what is left over means that it was misunderstood. */
  expectEnd(): void {
    const restBytes = this.#end - this.#position
    if (restBytes > 0) this.#violated(`${restBytes} bytes too many`)
  }

  /** The length of bytes or an array; -1 is null. */
  #length(): number {
    return this.flexible ? this.unsignedVarint() - 1 : this.int32()
  }

  /** Where the next bytes begin; they are passed. */
  #take(lengthBytes: number): number {
    const start = this.#position
    if (lengthBytes < 0) this.#violated(`a length of ${lengthBytes}`)
    if (lengthBytes > this.#end - start) {
      this.#violated(`${lengthBytes} bytes announced, ${this.#end - start} there`)
    }
    this.#position = start + lengthBytes
    return start
  }

  #violated(problem: string): never {
    const { api, version } = this.#form
    throw protocolViolated(`the response to ${api} v${version}`, `${problem}, at ${this.#position}`)
  }
}

/**
 * The error of bytes that are not Kafka's protocol.
 *
 * @param what - Such as `the response to Fetch v11`.
 * @internal
 */
export function protocolViolated(what: string, problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_KAFKA_PROTOCOL_VIOLATED', `${what} is damaged: ${problem}`, {
    hint:
      'Check that the address is one of a Kafka broker, and that no proxy changes the bytes. ' +
      'If it is a broker, this is a defect of flinkts or of the broker.',
  })
}

function readInt32(reader: WireReader): number {
  return reader.int32()
}

function readString(reader: WireReader): string {
  return reader.string()
}
