import { assert, FlinktsError } from '@flinkts/core/connector'
import { checksumOf } from './checksum.ts'
import type { Compression } from './compression.ts'
import { compress } from './compression.ts'
import { writeInt64 } from './int64.ts'
import type { RecordHeader } from './record-batch.ts'
import {
  batchAttributes,
  batchLayout,
  batchMagic,
  compressionTypes,
  lengthOverheadBytes,
  noProducer,
  noTimestamp,
  timestampMax,
} from './record-batch.ts'
import { varintBytes, varlongBytes, writeVarint, writeVarlong } from './varint.ts'

/** How batches are written. @internal */
export interface BatchWriterOptions {
  /** Default: none. */
  readonly compression?: Compression | undefined
  /** The most bytes of a batch before its compression, header included; inclusive. */
  readonly bytesMax: number
  /** How large its buffer is at first; it doubles as needed. */
  readonly bufferBytes?: number | undefined
}

/** Who sends a batch. @internal */
export interface ProducerStamp {
  /** -1: a producer without idempotence; epoch and sequence are -1 then too. */
  readonly producerId: number
  readonly producerEpoch: number
  /** The sequence number of the first record; the others follow. */
  readonly baseSequence: number
  readonly transactional: boolean
}

/** A producer without idempotence. */
const unstamped: ProducerStamp = {
  producerId: noProducer,
  producerEpoch: noProducer,
  baseSequence: noProducer,
  transactional: false,
}

const defaultBufferBytes = 16 * 1024
const unknownLeaderEpoch = -1
/** Up to here a loop copies faster than a call. */
const shortBytes = 24
/** How much of the last batch's ratio goes into the estimate, when it shrank more than before. */
const ratioWeight = 0.1

/**
 * Writes one batch after the other into a buffer of its own:
 *
 *     append … append   finish   reset
 *
 * What `finish` gives may be a view of that buffer: it is valid until `reset`. Who keeps several
 * batches under way needs as many writers.
 *
 * @internal
 */
export class BatchWriter {
  readonly #compression: Compression
  readonly #bytesMax: number
  #buffer: Buffer
  #at: number = batchLayout.records
  #recordCount = 0
  #baseTimestamp: number = noTimestamp
  #maxTimestamp: number = noTimestamp
  #compressionRatio = 1

  constructor(options: BatchWriterOptions) {
    assert(options.bytesMax > batchLayout.records, 'a batch has room for its header')
    this.#compression = options.compression ?? { type: 'none' }
    this.#bytesMax = options.bytesMax
    const bufferBytes = Math.max(options.bufferBytes ?? defaultBufferBytes, batchLayout.records)
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(bufferBytes, options.bytesMax))
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** The batch before its compression, header included. */
  get sizeBytes(): number {
    return this.#at
  }

  /** The batch after its compression, if it shrinks like those before. */
  get estimatedBytes(): number {
    const recordsBytes = this.#at - batchLayout.records
    return batchLayout.records + Math.ceil(recordsBytes * this.#compressionRatio)
  }

  /** Forgets the records; buffer and estimate stay. */
  reset(): void {
    this.#at = batchLayout.records
    this.#recordCount = 0
  }

  /**
   * Appends a record, whose bytes are copied.
   *
   * @param headers - In their order; names may repeat.
   * @param timestamp - Whole milliseconds, -1 (none) to `timestampMax`, inclusive.
   * @returns false if the batch would get larger than `bytesMax`: nothing was appended. In an empty
   *   batch that means that the record is too large.
   * @throws FlinktsError FLINKTS_KAFKA_RECORD_INVALID if the timestamp is none.
   */
  append(
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    timestamp: number,
  ): boolean {
    if (!isTimestamp(timestamp)) throw timestampInvalid(timestamp)
    const offsetDelta = this.#recordCount
    const timestampDelta = offsetDelta === 0 ? 0 : timestamp - this.#baseTimestamp
    const bodyBytes =
      1 +
      varlongBytes(timestampDelta) +
      varintBytes(offsetDelta) +
      fieldBytes(key) +
      fieldBytes(value) +
      (headers.length === 0 ? 1 : headersBytes(headers))
    const end = this.#at + varintBytes(bodyBytes) + bodyBytes
    if (end > this.#bytesMax) return false
    if (end > this.#buffer.length) this.#grow(end)
    const bytes = this.#buffer
    let at = writeVarint(bytes, this.#at, bodyBytes)
    bytes[at] = 0
    at = writeVarlong(bytes, at + 1, timestampDelta)
    at = writeVarint(bytes, at, offsetDelta)
    at = writeField(bytes, at, key)
    at = writeField(bytes, at, value)
    this.#at = writeHeaders(bytes, at, headers)
    this.#countRecord(timestamp)
    return true
  }

  /**
   * The batch with all records appended so far, compressed. Its base offset is 0: brokers give it
   * another.
   */
  finish(stamp: ProducerStamp = unstamped): Buffer {
    assert(this.#recordCount > 0, 'a batch is finished that has no record')
    const batch = this.#compressed()
    writeInt64(batch, batchLayout.baseOffset, 0)
    batch.writeInt32BE(batch.length - lengthOverheadBytes, batchLayout.length)
    batch.writeInt32BE(unknownLeaderEpoch, batchLayout.partitionLeaderEpoch)
    batch.writeInt8(batchMagic, batchLayout.magic)
    batch.writeInt16BE(compressionTypes.indexOf(this.#compression.type), batchLayout.attributes)
    batch.writeInt32BE(this.#recordCount - 1, batchLayout.lastOffsetDelta)
    writeInt64(batch, batchLayout.baseTimestamp, this.#baseTimestamp)
    writeInt64(batch, batchLayout.maxTimestamp, this.#maxTimestamp)
    batch.writeInt32BE(this.#recordCount, batchLayout.recordCount)
    stampBatch(batch, stamp)
    return batch
  }

  #countRecord(timestamp: number): void {
    if (this.#recordCount === 0) {
      this.#baseTimestamp = timestamp
      this.#maxTimestamp = timestamp
    } else if (timestamp > this.#maxTimestamp) {
      this.#maxTimestamp = timestamp
    }
    this.#recordCount += 1
  }

  #grow(neededBytes: number): void {
    const doubled = Math.max(this.#buffer.length * 2, neededBytes)
    const grown = Buffer.allocUnsafeSlow(Math.min(doubled, this.#bytesMax))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }

  #compressed(): Buffer {
    if (this.#compression.type === 'none') return this.#buffer.subarray(0, this.#at)
    const records = this.#buffer.subarray(batchLayout.records, this.#at)
    const compressed = compress(this.#compression, records)
    this.#learnRatio(compressed.length / records.length)
    const batch = Buffer.allocUnsafeSlow(batchLayout.records + compressed.length)
    compressed.copy(batch, batchLayout.records)
    return batch
  }

  /** Up at once and down slowly, because a batch that is too large costs more than a small one. */
  #learnRatio(ratio: number): void {
    const before = this.#compressionRatio
    this.#compressionRatio = Math.max(ratio, before + (ratio - before) * ratioWeight)
  }
}

/**
 * Gives a finished batch another producer, in place: its records stay as they are.
 *
 * @internal
 */
export function stampBatch(batch: Buffer, stamp: ProducerStamp): void {
  const attributes = batch.readInt16BE(batchLayout.attributes)
  const transactional = stamp.transactional ? batchAttributes.transactional : 0
  batch.writeInt16BE(
    (attributes & ~batchAttributes.transactional) | transactional,
    batchLayout.attributes,
  )
  writeInt64(batch, batchLayout.producerId, stamp.producerId)
  batch.writeInt16BE(stamp.producerEpoch, batchLayout.producerEpoch)
  batch.writeInt32BE(stamp.baseSequence, batchLayout.baseSequence)
  const checksum = checksumOf(batch, batchLayout.attributes, batch.length)
  batch.writeUInt32BE(checksum, batchLayout.checksum)
}

function isTimestamp(timestamp: number): boolean {
  return Number.isInteger(timestamp) && timestamp >= noTimestamp && timestamp <= timestampMax
}

function timestampInvalid(timestamp: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_RECORD_INVALID',
    `a record has the timestamp ${timestamp}, which Kafka cannot keep`,
    { hint: `Timestamps are whole milliseconds from 0 to ${timestampMax}, or -1 for none.` },
  )
}

/** Of a key or value with its length in front. */
function fieldBytes(field: Uint8Array | null): number {
  return field === null ? 1 : varintBytes(field.length) + field.length
}

function headersBytes(headers: readonly RecordHeader[]): number {
  let count = varintBytes(headers.length)
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key)
    count += varintBytes(keyBytes) + keyBytes + fieldBytes(value)
  }
  return count
}

function writeHeaders(bytes: Buffer, position: number, headers: readonly RecordHeader[]): number {
  let at = writeVarint(bytes, position, headers.length)
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key)
    at = writeVarint(bytes, at, keyBytes)
    at = writeField(bytes, at + bytes.write(key, at), value)
  }
  return at
}

function writeField(bytes: Buffer, position: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(bytes, position, -1)
  const length = field.length
  const at = writeVarint(bytes, position, length)
  if (length > shortBytes) {
    bytes.set(field, at)
  } else {
    for (let index = 0; index < length; index += 1) bytes[at + index] = field[index] as number
  }
  return at + length
}
