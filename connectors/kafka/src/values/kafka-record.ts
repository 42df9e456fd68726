import type { RecordHeader, TimestampType } from '../records/record-batch.ts'

/** A record of a topic, as a job gets it. @public */
export interface KafkaRecord<Key = Uint8Array | null, Value = Uint8Array | null> {
  readonly key: Key
  readonly value: Value
  /** In their order; keys may repeat. */
  readonly headers: readonly RecordHeader[]
  readonly topic: string
  /** From 0. */
  readonly partition: number
  /** Its place in the partition: from 0, growing, with gaps. */
  readonly offset: number
  /** In milliseconds since 1970, and its event time; -1: it has none. */
  readonly timestamp: number
  /** Whose time it is: the producer's or the broker's. */
  readonly timestampType: TimestampType
}

/** A record whose key or value could not be deserialized, with the bytes of both. @public */
export interface KafkaDeadLetter extends KafkaRecord {
  /** Which of them the deserializer refused. */
  readonly part: 'key' | 'value'
  /** Why, in words. */
  readonly reason: string
}

/** What is known of a record while its key and value are deserialized. @public */
export interface RecordContext {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** In milliseconds since 1970; -1: none. */
  readonly timestamp: number
  /** Reads them; their values are views, as the bytes are. */
  headers(): readonly RecordHeader[]
}

/**
 * Makes a key or a value of its bytes; null where the record has none. Throw for bytes that cannot
 * be read: `onDeserializeError` says what happens then.
 *
 * @param bytes - A view of a larger buffer: copy what is to live on.
 * @param context - Of this record, and only until the function returns.
 * @public
 */
export type Deserializer<T> = (bytes: Uint8Array | null, context: RecordContext) => T
