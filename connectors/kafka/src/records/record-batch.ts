/**
 * The record batch, version 2 ("magic 2"), in which brokers keep and send records since Kafka 0.11
 * (https://kafka.apache.org/documentation/#recordbatch). Numbers are big-endian:
 *
 *     base offset 8, length of what follows 4, partition leader epoch 4, magic 1, CRC-32C 4 of
 *     all that follows: attributes 2, last offset delta 4, base timestamp 8, max timestamp 8,
 *     producer id 8, producer epoch 2, base sequence 4, number of records 4, records
 *     record     length v, attributes 1, timestamp delta v, offset delta v, key length v, key,
 *                value length v, value, number of headers v, headers
 *     header     key length v, key, value length v, value
 *
 * v is a zigzag variable-length number; a length of -1 stands for null. Compression is that of the
 * records as a whole.
 */

/** Where the fields of a batch are, in bytes from its start. @internal */
export const batchLayout = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

/** The base offset and the length, which the length itself leaves out. @internal */
export const lengthOverheadBytes = 12

/** The only version of batches that is read and written. @internal */
export const batchMagic = 2

/** The bits of a batch's attributes. @internal */
export const batchAttributes = {
  compression: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const

/** A record without key, value and headers. @internal */
export const recordBytesMin = 7

/** What a producer id, its epoch or a sequence number is where there is none. @internal */
export const noProducer = -1

/** The latest timestamp that is written, inclusive: differences of two stay exact. @internal */
export const timestampMax: number = 2 ** 52 - 2

/** The timestamp of a record that has none. @internal */
export const noTimestamp = -1

/** How the bytes of records are compressed. @internal */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Their names by the number in the attributes of a batch. @internal */
export const compressionTypes: readonly CompressionType[] = [
  'none',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
]

/** Whose time the timestamps are: the producer's or the broker's. @public */
export type TimestampType = 'create-time' | 'log-append-time'

/**
 * A header of a record. Keys may repeat, and their order counts.
 *
 * @public
 */
export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}
