import type { ByteBuffer } from './byte-buffer.ts'

/**
 * How records become the bytes of a file.
 *
 * @public
 */
export interface WriteFormat<In> {
  /** In kebab-case, for people: `json-lines`. */
  readonly name: string
  /** With its dot: `.jsonl`. */
  readonly fileExtension: string
  /** An encoder for one file. */
  createEncoder(): RecordEncoder<In>
}

/**
 * Encodes the records of one file. Order of calls: `encode` any number of times, then `finish`
 * once.
 *
 * @public
 */
export interface RecordEncoder<In> {
  /**
   * Appends the record to `out` (a format with a header puts it before the first record). When it
   * throws, `out` is as it was.
   *
   * @throws FlinktsError FLINKTS_RECORD_UNENCODABLE
   */
  encode(record: In, out: ByteBuffer): void
  /** Appends what must come last, such as a footer. */
  finish(out: ByteBuffer): void
}

/**
 * How the bytes of a file become records.
 *
 * @public
 */
export interface ReadFormat<Out> {
  /** In kebab-case, for people: `json-lines`. */
  readonly name: string
  /** Whether a file can be read in several byte ranges; otherwise a range is the whole file. */
  readonly splittable: boolean
  /** A decoder for one byte range of one file. */
  createDecoder(range: DecodeRange): RecordDecoder<Out>
}

/**
 * A format that can be written and read.
 *
 * @public
 */
export interface Format<T> extends WriteFormat<T>, ReadFormat<T> {}

/**
 * A byte range of a file. A record belongs to the range in which its first byte lies, so that
 * ranges that touch without a gap yield every record of the file once, wherever their borders are
 * (the rule of Hadoop's LineRecordReader). The bytes of the last record may lie beyond `end`.
 *
 * @public
 */
export interface DecodeRange {
  /** The name of the file, for error messages. */
  readonly name: string
  /** Offset in the file, inclusive. */
  readonly start: number
  /** Offset in the file, exclusive. */
  readonly end: number
  /**
   * Where to go on: `start`, or the `end` of a record that an earlier decoder of the range gave.
   */
  readonly position: number
}

/**
 * A record, and where its bytes are.
 *
 * @public
 */
export interface DecodedRecord<Out> {
  readonly value: Out
  /** Offset of its first byte in the file, inclusive. */
  readonly start: number
  /** Offset in the file, exclusive, with its separator: where reading can go on. */
  readonly end: number
}

/**
 * Decodes the records of a byte range. The caller pushes the bytes of the file in order, from
 * `readFrom` on, in chunks of any size; after every push it calls `next` until that gives
 * `undefined`. It stops when `finished` is true, which may be long before the end of the file, and
 * calls `pushEnd` at the end.
 *
 * @public
 */
export interface RecordDecoder<Out> {
  /** Offset in the file of the first byte to push; may be less than the position asked for. */
  readonly readFrom: number
  /** No record follows in the range. */
  readonly finished: boolean
  /** Gives the bytes that follow the ones before. They must not change afterwards. */
  push(bytes: Uint8Array): void
  /** The file has no further bytes. */
  pushEnd(): void
  /**
   * The next record, or `undefined` when it needs another push (or is finished).
   *
   * @throws FlinktsError FLINKTS_RECORD_UNDECODABLE
   */
  next(): DecodedRecord<Out> | undefined
}
