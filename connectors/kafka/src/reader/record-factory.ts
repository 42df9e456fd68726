import type { Counter, Logger } from '@flinkts/core/connector'
import type { RecordHeader, TimestampType } from '../records/record-batch.ts'
import type { RecordCursor } from '../records/record-cursor.ts'
import { notDeserializable } from '../runtime/source-errors.ts'
import type { Deserializer, KafkaRecord, RecordContext } from '../values/kafka-record.ts'

/** How keys and values are read, and what if they cannot be. @internal */
export interface RecordFactoryOptions<Key, Value> {
  readonly key: Deserializer<Key>
  readonly value: Deserializer<Value>
  readonly onDeserializeError: 'fail' | 'skip'
  readonly logger: Logger
  readonly skipped: Counter
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
   * The current record of the cursor, with bytes of its own; undefined: it is skipped.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORD_NOT_DESERIALIZABLE, FLINKTS_KAFKA_RECORDS_INVALID
   */
  make(cursor: RecordCursor, timestampType: TimestampType): KafkaRecord<Key, Value> | undefined {
    const context = this.#context
    context.cursor = cursor
    const { key, value } = this.#options
    let part: 'key' | 'value' = 'key'
    try {
      const itsKey = key(cursor.key(), context)
      part = 'value'
      const itsValue = value(cursor.value(), context)
      return {
        key: itsKey,
        value: itsValue,
        headers: cursor.headerCount === 0 ? noHeaders : cursor.headers().map(owned),
        topic: context.topic,
        partition: context.partition,
        offset: cursor.offset,
        timestamp: cursor.timestamp,
        timestampType,
      }
    } catch (cause) {
      this.#refuse(part, cause)
      return undefined
    }
  }

  #refuse(part: 'key' | 'value', cause: unknown): void {
    const { onDeserializeError, logger, skipped } = this.#options
    const error = notDeserializable(this.#context, part, cause)
    if (onDeserializeError === 'fail') throw error
    skipped.add()
    if (this.#skippedBefore) return
    this.#skippedBefore = true
    logger.warn('skipped a record; of further ones only recordsSkipped tells', {
      reason: error.message,
    })
  }
}

function owned({ key, value }: RecordHeader): RecordHeader {
  return { key, value: value === null ? null : new Uint8Array(value) }
}
