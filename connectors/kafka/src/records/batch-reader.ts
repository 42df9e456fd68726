import { checksumOf } from './checksum.ts'
import { decompress } from './compression.ts'
import { readInt64 } from './int64.ts'
import type { CompressionType, TimestampType } from './record-batch.ts'
import {
  batchAttributes,
  batchLayout,
  batchMagic,
  compressionTypes,
  lengthOverheadBytes,
  noProducer,
} from './record-batch.ts'
import { RecordCursor } from './record-cursor.ts'
import { formatUnsupported, recordsInvalid } from './records-invalid.ts'
import type { TransactionMarker } from './transaction-marker.ts'
import { readMarker } from './transaction-marker.ts'

/** How batches are read. @internal */
export interface BatchReaderOptions {
  /** Whether the CRC-32C of every batch is checked; default true. */
  readonly checksums?: boolean | undefined
  /** The most bytes that the records of one batch may take when decompressed; 128 MiB. */
  readonly decompressedBytesMax?: number | undefined
}

const defaultDecompressedBytesMax = 128 * 2 ** 20

const recordsBytesMin = batchLayout.records - lengthOverheadBytes
/** The shortest message of versions 0 and 1, without its offset and size. */
const oldMessageBytesMin = 14
const noBytes = Buffer.alloc(0)

/**
 * Reads the batches of one partition out of the response of a fetch:
 *
 *     reader.reset(bytes)
 *     while (reader.nextBatch()) {
 *       const records = reader.records()
 *       while (records.next()) …
 *       next fetch at reader.nextOffset
 *     }
 *
 * A batch may begin before the offset that was asked for, and its records too: the caller leaves
 * those out. Its fields are those of the current batch. Reused from response to response.
 *
 * @internal
 */
export class BatchReader {
  baseOffset = 0
  /** Inclusive. No record may be left that has it. */
  lastOffset = 0
  /** What follows the batch, also if it is empty. */
  nextOffset = 0
  partitionLeaderEpoch = 0
  /** -1: none. */
  producerId: number = noProducer
  producerEpoch: number = noProducer
  baseSequence: number = noProducer
  isTransactional = false
  isControl = false
  timestampType: TimestampType = 'create-time'
  maxTimestamp = 0
  /** 0 in a batch whose records compaction removed. */
  recordCount = 0
  compression: CompressionType = 'none'
  /** The whole batch as it was sent, with its header. */
  sizeBytes = 0
  /** Batches that were read since `reset`. */
  batchCount = 0
  /**
   * When `nextBatch` gave false: the size of the batch that the response holds only the beginning
   * of, as far as it is known; 0 if there is none. With a `batchCount` of 0 the next fetch must
   * ask for as many bytes.
   */
  truncatedBatchBytes = 0
  readonly #checksums: boolean
  readonly #decompressedBytesMax: number
  readonly #cursor = new RecordCursor()
  #bytes: Buffer = noBytes
  #start = 0
  #end = 0

  constructor(options: BatchReaderOptions = {}) {
    this.#checksums = options.checksums ?? true
    this.#decompressedBytesMax = options.decompressedBytesMax ?? defaultDecompressedBytesMax
  }

  /** Begins before the first batch of a response. */
  reset(bytes: Buffer): void {
    this.#bytes = bytes
    this.#start = 0
    this.#end = 0
    this.batchCount = 0
    this.truncatedBatchBytes = 0
  }

  /**
   * Goes to the next batch that is there as a whole. After an error it throws the same again.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID, FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED
   */
  nextBatch(): boolean {
    const start = this.#end
    const sizeBytes = this.#sizeAt(start)
    if (sizeBytes === undefined) return false
    const end = start + sizeBytes
    if (this.#checksums) this.#verify(start, end)
    this.#readHeader(start)
    this.sizeBytes = sizeBytes
    this.batchCount += 1
    this.#start = start
    this.#end = end
    return true
  }

  /**
   * The records of the current batch, which are decompressed now. It is the same cursor each time,
   * before the first record.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID, FLINKTS_KAFKA_BATCH_TOO_LARGE
   */
  records(): RecordCursor {
    const compressed = this.compression !== 'none' && this.recordCount > 0
    const bytes = compressed ? this.#decompressed() : this.#bytes
    this.#cursor.reset({
      bytes,
      start: compressed ? 0 : this.#start + batchLayout.records,
      end: compressed ? bytes.length : this.#end,
      recordCount: this.recordCount,
      baseOffset: this.baseOffset,
      lastOffset: this.lastOffset,
      baseTimestamp: readInt64(this.#bytes, this.#start + batchLayout.baseTimestamp),
      logAppendTime: this.timestampType === 'create-time' ? undefined : this.maxTimestamp,
    })
    return this.#cursor
  }

  /**
   * How the producer's transaction ended, if the current batch says so: it is then a control batch,
   * whose records are none of the user's.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID
   */
  transactionMarker(): TransactionMarker | undefined {
    return this.isControl && this.recordCount > 0 ? readMarker(this.records()) : undefined
  }

  /** The size of the batch at `start`; undefined if not all of it is there. */
  #sizeAt(start: number): number | undefined {
    const presentBytes = this.#bytes.length - start
    if (presentBytes === 0) return undefined
    if (presentBytes < lengthOverheadBytes) return this.#truncatedAt(lengthOverheadBytes)
    const length = this.#bytes.readInt32BE(start + batchLayout.length)
    if (length < oldMessageBytesMin) throw recordsInvalid(`it says that ${length} bytes follow`)
    if (presentBytes > batchLayout.magic) this.#checkMagic(start)
    const sizeBytes = lengthOverheadBytes + length
    if (presentBytes < sizeBytes) return this.#truncatedAt(sizeBytes)
    if (length < recordsBytesMin) throw recordsInvalid(`it says that ${length} bytes follow`)
    return sizeBytes
  }

  #truncatedAt(sizeBytes: number): undefined {
    this.truncatedBatchBytes = sizeBytes
    return undefined
  }

  #checkMagic(start: number): void {
    const magic = this.#bytes.readInt8(start + batchLayout.magic)
    if (magic === batchMagic) return
    throw formatUnsupported(
      `records have format version ${magic}, and only version ${batchMagic} is read`,
      'Versions 0 and 1 are those of brokers and topics before Kafka 0.11: let a newer broker ' +
        'rewrite the topic, for example by copying it.',
    )
  }

  #verify(start: number, end: number): void {
    const expected = this.#bytes.readUInt32BE(start + batchLayout.checksum)
    const actual = checksumOf(this.#bytes, start + batchLayout.attributes, end)
    if (actual !== expected) throw recordsInvalid('its bytes do not match its CRC-32C')
  }

  #readHeader(start: number): void {
    const bytes = this.#bytes
    const baseOffset = readInt64(bytes, start + batchLayout.baseOffset)
    const lastOffsetDelta = bytes.readInt32BE(start + batchLayout.lastOffsetDelta)
    const lastOffset = baseOffset + lastOffsetDelta
    if (baseOffset < 0 || lastOffsetDelta < 0 || lastOffset >= Number.MAX_SAFE_INTEGER) {
      throw recordsInvalid(`its offsets ${baseOffset} to ${lastOffset} are out of range`)
    }
    const producerId = readInt64(bytes, start + batchLayout.producerId)
    if (producerId < noProducer || producerId > Number.MAX_SAFE_INTEGER) {
      throw recordsInvalid(`its producer id ${producerId} is out of range`)
    }
    this.#readAttributes(bytes.readInt16BE(start + batchLayout.attributes))
    this.recordCount = bytes.readInt32BE(start + batchLayout.recordCount)
    if (this.recordCount < 0) throw recordsInvalid('it has fewer than no records')
    this.baseOffset = baseOffset
    this.lastOffset = lastOffset
    this.nextOffset = lastOffset + 1
    this.partitionLeaderEpoch = bytes.readInt32BE(start + batchLayout.partitionLeaderEpoch)
    this.producerId = producerId
    this.producerEpoch = bytes.readInt16BE(start + batchLayout.producerEpoch)
    this.baseSequence = bytes.readInt32BE(start + batchLayout.baseSequence)
    this.maxTimestamp = readInt64(bytes, start + batchLayout.maxTimestamp)
  }

  #readAttributes(attributes: number): void {
    const compression = compressionTypes[attributes & batchAttributes.compression]
    if (compression === undefined) {
      throw formatUnsupported(
        `records are compressed by an unknown method, number ${attributes & 0x07}`,
        `Known are ${compressionTypes.join(', ')}. Set compression.type of the topic to one.`,
      )
    }
    this.compression = compression
    this.timestampType =
      (attributes & batchAttributes.logAppendTime) === 0 ? 'create-time' : 'log-append-time'
    this.isTransactional = (attributes & batchAttributes.transactional) !== 0
    this.isControl = (attributes & batchAttributes.control) !== 0
  }

  #decompressed(): Buffer {
    const records = this.#bytes.subarray(this.#start + batchLayout.records, this.#end)
    return decompress(this.compression, records, this.#decompressedBytesMax)
  }
}
