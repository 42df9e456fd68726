import type { Clock, SinkRecordContext } from '@flinkts/core/connector'
import type { RecordHeader } from '../records/record-batch.ts'
import type { KafkaBytes, ResolvedKafkaSinkOptions } from './options.ts'

const noHeaders: readonly RecordHeader[] = []

/** A record that is filled anew for each. */
interface EncodedRecord {
  topic: string
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly RecordHeader[]
  timestamp: number
  readonly partition: undefined
}

/** Makes what is written out of what the job emits. @internal */
export class RecordEncoder<In> {
  readonly #options: ResolvedKafkaSinkOptions<In>
  readonly #clock: Clock
  readonly #record: EncodedRecord = {
    topic: '',
    key: null,
    value: null,
    headers: noHeaders,
    timestamp: -1,
    partition: undefined,
  }

  constructor(options: ResolvedKafkaSinkOptions<In>, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** One object is used for all records: it may be read until the next call. */
  encode(value: In, context: SinkRecordContext): Readonly<EncodedRecord> {
    const { topic, key, value: valueOf, headers, timestamp } = this.#options
    const record = this.#record
    record.topic = typeof topic === 'string' ? topic : topic(value)
    record.key = key === undefined ? null : bytesOf(key(value))
    record.value = bytesOf(valueOf(value))
    record.headers = headers === undefined ? noHeaders : headers(value)
    record.timestamp =
      timestamp === undefined ? (context.timestamp ?? this.#clock.now()) : timestamp(value)
    return record
  }
}

function bytesOf(value: KafkaBytes): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}
