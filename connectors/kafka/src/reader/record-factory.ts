import { type Counter, type Logger, messageOf, type SplitOutput } from '@flinkts/core/connector'
import type { RecordHeader, TimestampType } from '../records/record-batch.ts'
import type { RecordCursor } from '../records/record-cursor.ts'
import type { OnDeserializeError } from '../options.ts'
import { notDeserializable } from '../runtime/source-errors.ts'
import type { Deserializer, KafkaRecord, RecordContext } from '../values/kafka-record.ts'

/** How keys and values are read, and what if they cannot be. @internal */
export interface RecordFactoryOptions<Key, Value> {
  readonly key: Deserializer<Key>
  readonly value: Deserializer<Value>
  readonly onDeserializeError: OnDeserializeError
  readonly logger: Logger
  readonly skipped: Counter
  readonly deadLettered: Counter
}

/** The record of a cursor, for deserializers: made once, as it is asked for every record. */
class CursorContext implements RecordContext {
  topic = ''
  partition = 0
  cursor: RecordCursor | undefined

  get offset(): number {
    return this.cursor?.offset ?? -1
  }

  get timestamp(): number {
    return this.cursor?.timestamp ?? -1
  }

  headers(): readonly RecordHeader[] {
    return this.cursor?.headers() ?? noHeaders
  }
}

interface RefusedRecord {
  readonly cursor: RecordCursor
  readonly timestampType: TimestampType
  readonly part: 'key' | 'value'
  readonly cause: unknown
}

const noHeaders: readonly RecordHeader[] = []

/** Makes the records of a reader. Runs on the task's thread. @internal */
export class RecordFactory<Key, Value> {
  readonly #options: RecordFactoryOptions<Key, Value>
  readonly #context = new CursorContext()
  #skippedBefore = false

  constructor(options: RecordFactoryOptions<Key, Value>) {
    this.#options = options
  }

  /** The partition of the records that follow. */
  begin(topic: string, partition: number): void {
    this.#context.topic = topic
    this.#context.partition = partition
  }

  /**
   * Emits the current record of the cursor, with bytes of its own; or what becomes of one that
   * cannot be read.
   *
   * @returns whether the output takes more
   * @throws FlinktsError FLINKTS_KAFKA_RECORD_NOT_DESERIALIZABLE, FLINKTS_KAFKA_RECORDS_INVALID
   */
  emit(
    cursor: RecordCursor,
    timestampType: TimestampType,
    output: SplitOutput<KafkaRecord<Key, Value>>,
  ): boolean {
    const context = this.#context
    context.cursor = cursor
    const { key, value } = this.#options
    const timestamp = cursor.timestamp < 0 ? undefined : cursor.timestamp
    let part: 'key' | 'value' = 'key'
    let record: KafkaRecord<Key, Value>
    try {
      const itsKey = key(cursor.key(), context)
      part = 'value'
      record = this.#recordOf(itsKey, value(cursor.value(), context), cursor, timestampType)
    } catch (cause) {
      const refused = { cursor, timestampType, part, cause }
      return this.#refuse(refused, output, timestamp)
    }
    return output.collect(record, timestamp)
  }

  #recordOf<K, V>(
    key: K,
    value: V,
    cursor: RecordCursor,
    timestampType: TimestampType,
  ): KafkaRecord<K, V> {
    return {
      key,
      value,
      headers: cursor.headerCount === 0 ? noHeaders : cursor.headers().map(owned),
      topic: this.#context.topic,
      partition: this.#context.partition,
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      timestampType,
    }
  }

  #refuse(
    refused: RefusedRecord,
    output: SplitOutput<KafkaRecord<Key, Value>>,
    timestamp: number | undefined,
  ): boolean {
    const { part, cause, cursor, timestampType } = refused
    const { onDeserializeError, skipped, deadLettered } = this.#options
    const error = notDeserializable(this.#context, part, cause)
    if (onDeserializeError === 'fail') throw error
    if (onDeserializeError === 'skip') {
      skipped.add()
      this.#warnOfSkipping(error.message)
      return true
    }
    deadLettered.add()
    const [key, value] = [copied(cursor.key()), copied(cursor.value())]
    const record = this.#recordOf(key, value, cursor, timestampType)
    const letter = { ...record, part, reason: messageOf(cause) }
    return output.collectSide(onDeserializeError.deadLetters, letter, timestamp)
  }

  #warnOfSkipping(reason: string): void {
    if (this.#skippedBefore) return
    this.#skippedBefore = true
    const message = 'skipped a record; of further ones only recordsSkipped tells'
    this.#options.logger.warn(message, { reason })
  }
}

function owned({ key, value }: RecordHeader): RecordHeader {
  return { key, value: copied(value) }
}

function copied(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes)
}
