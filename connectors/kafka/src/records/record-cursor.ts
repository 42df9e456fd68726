import type { RecordHeader } from './record-batch.ts'
import { recordBytesMin } from './record-batch.ts'
import { recordsInvalid } from './records-invalid.ts'

/** The records of one batch as bytes, and what its header says of them. @internal */
export interface RecordBlock {
  /** The records, decompressed, from `start` (inclusive) to `end` (exclusive). */
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly recordCount: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly baseTimestamp: number
  /** The timestamp of all records, if it is that of the broker. */
  readonly logAppendTime: number | undefined
}

const noBytes = Buffer.alloc(0)
const noHeaders: readonly RecordHeader[] = []
const null32 = -1

/**
 * Walks over the records of a batch. Its fields are those of the current record; nothing is made
 * for a record but what is asked for. Reused from batch to batch.
 *
 * `key`, `value` and `headers` give views: they hold the whole response of the fetch in memory, or
 * all records of the batch if it was compressed. Copy what is to live long.
 *
 * @internal
 */
export class RecordCursor {
  /** What `keyStart` and `valueStart` are positions in. */
  bytes: Buffer = noBytes
  offset = 0
  /** In milliseconds; -1: none. */
  timestamp = 0
  keyStart = 0
  /** In bytes; -1: the key is null. */
  keyLength: number = null32
  valueStart = 0
  /** In bytes; -1: the value is null. */
  valueLength: number = null32
  headerCount = 0
  #headersStart = 0
  #recordEnd = 0
  #at = 0
  #end = 0
  #remainingCount = 0
  #offsetDeltaMax = 0
  #offsetDelta = -1
  #baseOffset = 0
  #baseTimestamp = 0
  #logAppendTime: number | undefined

  /**
   * Begins before the first record of a batch.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID if it cannot hold so many records.
   */
  reset(block: RecordBlock): void {
    if (block.recordCount * recordBytesMin > block.end - block.start) {
      throw recordsInvalid(`${block.recordCount} records are more than its bytes can hold`)
    }
    this.bytes = block.bytes
    this.#at = block.start
    this.#end = block.end
    this.#remainingCount = block.recordCount
    this.#offsetDeltaMax = block.lastOffset - block.baseOffset
    this.#offsetDelta = -1
    this.#baseOffset = block.baseOffset
    this.#baseTimestamp = block.baseTimestamp
    this.#logAppendTime = block.logAppendTime
  }

  /**
   * Goes to the next record.
   *
   * @returns false when there is none; the fields mean nothing then.
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID
   */
  next(): boolean {
    if (this.#remainingCount === 0) return this.#ended()
    const length = this.#varint()
    const end = this.#at + length
    if (length < recordBytesMin - 1 || end > this.#end) throw crossesEnd()
    this.#at += 1
    const timestampDelta = this.#varlong()
    this.#takeOffset(this.#varint())
    this.keyLength = this.#length()
    this.keyStart = this.#at
    if (this.keyLength > 0) this.#at += this.keyLength
    this.valueLength = this.#length()
    this.valueStart = this.#at
    if (this.valueLength > 0) this.#at += this.valueLength
    this.headerCount = this.#varint()
    this.#takeEnd(end)
    this.timestamp = this.#logAppendTime ?? this.#baseTimestamp + timestampDelta
    this.#remainingCount -= 1
    return true
  }

  /** A view of the key; every call makes one. */
  key(): Buffer | null {
    if (this.keyLength < 0) return null
    return this.bytes.subarray(this.keyStart, this.keyStart + this.keyLength)
  }

  /** A view of the value; every call makes one. */
  value(): Buffer | null {
    if (this.valueLength < 0) return null
    return this.bytes.subarray(this.valueStart, this.valueStart + this.valueLength)
  }

  /**
   * The headers in their order, with views of their values; every call reads them.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID
   */
  headers(): readonly RecordHeader[] {
    if (this.headerCount === 0) return noHeaders
    const next = this.#at
    this.#at = this.#headersStart
    const headers: RecordHeader[] = []
    for (let index = 0; index < this.headerCount; index += 1) {
      const keyStart = this.#skip(this.#length())
      const key = this.bytes.toString('utf8', keyStart, this.#at)
      const valueLength = this.#length()
      const valueStart = this.#skip(valueLength)
      const value = valueLength < 0 ? null : this.bytes.subarray(valueStart, this.#at)
      headers.push({ key, value })
    }
    if (this.#at !== this.#recordEnd) throw crossesEnd()
    this.#at = next
    return headers
  }

  #ended(): false {
    if (this.#at !== this.#end) throw recordsInvalid('it goes on behind its last record')
    return false
  }

  #takeOffset(delta: number): void {
    if (delta <= this.#offsetDelta || delta > this.#offsetDeltaMax) {
      throw recordsInvalid('the offsets of its records do not grow, or go beyond its last one')
    }
    this.#offsetDelta = delta
    this.offset = this.#baseOffset + delta
  }

  /** Where the record ends is known from its length: its fields must end there too. */
  #takeEnd(end: number): void {
    const headersBytes = end - this.#at
    if (this.headerCount === 0 ? headersBytes !== 0 : this.headerCount * 2 > headersBytes) {
      throw crossesEnd()
    }
    if (this.headerCount < 0) throw recordsInvalid('a record has fewer than no headers')
    this.#headersStart = this.#at
    this.#recordEnd = end
    this.#at = end
  }

  #skip(length: number): number {
    const start = this.#at
    if (length > this.#recordEnd - start) throw crossesEnd()
    if (length > 0) this.#at += length
    return start
  }

  #length(): number {
    const length = this.#varint()
    return length < 0 ? null32 : length
  }

  /** Most are of one byte or two; how many are left is checked where the record ends. */
  #varint(): number {
    const { bytes } = this
    const at = this.#at
    const byte = bytes[at] as number
    if (byte < 0x80) {
      this.#at = at + 1
      return (byte >>> 1) ^ -(byte & 1)
    }
    const second = bytes[at + 1] as number
    if (second < 0x80) {
      this.#at = at + 2
      return ((byte & 0x7f) >>> 1) ^ -(byte & 1) ^ (second << 6)
    }
    return this.#longVarint()
  }

  #longVarint(): number {
    let zigzag = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#at] as number
      this.#at += 1
      zigzag |= (byte & 0x7f) << shift
      if (!(byte > 0x7f)) return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    throw recordsInvalid('a number in it has more than five bytes')
  }

  /** Exact up to 2^53, the nearest double beyond; up to four bytes in whole numbers. */
  #varlong(): number {
    let zigzag = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.bytes[this.#at] as number
      this.#at += 1
      zigzag |= (byte & 0x7f) << shift
      if (!(byte > 0x7f)) return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    return this.#longVarlong(zigzag)
  }

  #longVarlong(lowBits: number): number {
    let zigzag = lowBits
    for (let scale = 2 ** 28; scale <= 2 ** 63; scale *= 0x80) {
      const byte = this.bytes[this.#at] as number
      this.#at += 1
      zigzag += (byte & 0x7f) * scale
      if (!(byte > 0x7f)) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    }
    throw recordsInvalid('a number in it has more than ten bytes')
  }
}

function crossesEnd(): Error {
  return recordsInvalid('a record, or a part of one, crosses an end')
}
