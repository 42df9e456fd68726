const initialCapacityBytes = 256
const twoTo32 = 2 ** 32
/** An id of nothing, as on the wire. */
const zeroUuid = Buffer.alloc(16)

/**
 * Writes the primitive types of Kafka's protocol. Whether strings, bytes and arrays take their
 * compact form, and tagged fields exist, follows from `flexible`, so that a request is written by
 * one function in all its versions.
 *
 * A field out of the range of its type is a defect of the caller and throws a RangeError.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 * @internal
 */
export class WireWriter {
  readonly version: number
  readonly flexible: boolean
  #buffer: Buffer
  #length = 0

  /** @param sizeHintBytes - Room to begin with; it grows as needed. */
  constructor(form: { version: number; flexible: boolean; sizeHintBytes?: number | undefined }) {
    this.version = form.version
    this.flexible = form.flexible
    this.#buffer = Buffer.allocUnsafe(Math.max(initialCapacityBytes, form.sizeHintBytes ?? 0))
  }

  /** What was written, without a copy: the writer must not be used after this. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  int8(value: number): void {
    this.#reserve(1)
    this.#length = this.#buffer.writeInt8(value, this.#length)
  }

  int16(value: number): void {
    this.#reserve(2)
    this.#length = this.#buffer.writeInt16BE(value, this.#length)
  }

  int32(value: number): void {
    this.#reserve(4)
    this.#length = this.#buffer.writeInt32BE(value, this.#length)
  }

  /** @param value - A safe integer. */
  int64(value: number): void {
    this.#reserve(8)
    const length = this.#buffer.writeInt32BE(Math.floor(value / twoTo32), this.#length)
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, length)
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  /** Seven bits a byte, the lowest first. */
  unsignedVarint(value: number): void {
    this.#reserve(5)
    let rest = value
    while (rest > 0x7f) {
      this.#length = this.#buffer.writeUInt8((rest & 0x7f) | 0x80, this.#length)
      rest >>>= 7
    }
    this.#length = this.#buffer.writeUInt8(rest, this.#length)
  }

  string(value: string): void {
    const lengthBytes = Buffer.byteLength(value)
    if (this.flexible) this.unsignedVarint(lengthBytes + 1)
    else this.int16(lengthBytes)
    this.#reserve(lengthBytes)
    this.#length += this.#buffer.write(value, this.#length)
  }

  nullableString(value: string | undefined): void {
    if (value !== undefined) this.string(value)
    else if (this.flexible) this.unsignedVarint(0)
    else this.int16(-1)
  }

  bytes(value: Uint8Array): void {
    if (this.flexible) this.unsignedVarint(value.length + 1)
    else this.int32(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  /** @param uuid - As `WireReader.uuid` gives it; undefined is the id of nothing. */
  uuid(uuid: string | undefined): void {
    const bytes = uuid === undefined ? zeroUuid : Buffer.from(uuid, 'base64url')
    this.#reserve(16)
    this.#buffer.set(bytes, this.#length)
    this.#length += 16
  }

  array<T>(values: readonly T[], write: (writer: WireWriter, value: T) => void): void {
    if (this.flexible) this.unsignedVarint(values.length + 1)
    else this.int32(values.length)
    for (const value of values) write(this, value)
  }

  nullableArray<T>(
    values: readonly T[] | undefined,
    write: (writer: WireWriter, value: T) => void,
  ): void {
    if (values !== undefined) this.array(values, write)
    else if (this.flexible) this.unsignedVarint(0)
    else this.int32(-1)
  }

  int32Array(values: readonly number[]): void {
    this.array(values, writeInt32)
  }

  stringArray(values: readonly string[]): void {
    this.array(values, writeString)
  }

  /** Ends a structure that may have tagged fields; this connector sends none. */
  noTags(): void {
    if (this.flexible) this.unsignedVarint(0)
  }

  #reserve(lengthBytes: number): void {
    const neededBytes = this.#length + lengthBytes
    if (neededBytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(neededBytes, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}

function writeInt32(writer: WireWriter, value: number): void {
  writer.int32(value)
}

/** Writes an element of an array of strings. @internal */
export function writeString(writer: WireWriter, value: string): void {
  writer.string(value)
}
