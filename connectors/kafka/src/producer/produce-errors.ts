import { FlinktsError } from '@flinkts/core/connector'
import { brokerError } from '../connection/errors.ts'
import { isRetriable, kafkaError, type KafkaErrorName } from '../protocol/error-codes.ts'
import type { ProducePartitionResponse } from '../protocol/produce.ts'
import type { TopicPartition } from '../protocol/topics.ts'

/**
 * What an answer means for a batch: it is in the log, it is to be sent again (after its leader was
 * looked up, or to the same), or it never will be.
 *
 * @internal
 */
export type BatchOutcome =
  | { readonly type: 'acknowledged' }
  | { readonly type: 'again'; readonly error: FlinktsError; readonly leaderLost: boolean }
  | { readonly type: 'failed'; readonly error: FlinktsError }

const acknowledged: BatchOutcome = { type: 'acknowledged' }

const tooLarge: ReadonlySet<string> = new Set<KafkaErrorName>([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
])
const invalid: ReadonlySet<string> = new Set<KafkaErrorName>([
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
])
const stateLost: ReadonlySet<string> = new Set<KafkaErrorName>([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'TRANSACTION_ABORTABLE',
])

/** @internal */
export function outcomeOf(topic: string, answer: ProducePartitionResponse): BatchOutcome {
  const error = kafkaError(answer.errorCode)
  // The broker has had the batch, and more since: an answer was lost.
  if (error.reaction === 'none' || error.name === 'DUPLICATE_SEQUENCE_NUMBER') return acknowledged
  const place = { topic, partition: answer.partition }
  const resource = partitionText(place)
  if (tooLarge.has(error.name)) return { type: 'failed', error: batchTooLarge(place, error.name) }
  if (invalid.has(error.name)) {
    return { type: 'failed', error: recordRefused(place, answer, error.name) }
  }
  if (stateLost.has(error.name)) {
    return { type: 'failed', error: producerStateLost(place, error.name) }
  }
  const detail = answer.errorMessage
  const refusal = brokerError(error, { what: 'writing a batch', resource, detail })
  if (!isRetriable(error)) return { type: 'failed', error: refusal }
  const leaderLost = error.reaction === 'refresh-metadata-and-retry'
  return { type: 'again', error: refusal, leaderLost }
}

/** What was tried for too long, by its last error. @internal */
export function deliveryTimedOut(
  place: TopicPartition,
  timeoutMs: number,
  last: FlinktsError,
): FlinktsError {
  return new FlinktsError(
    last.code,
    `a batch for ${partitionText(place)} was not acknowledged within ${timeoutMs} ms: ` +
      last.message,
    { hint: last.hint, cause: last },
  )
}

/** @internal */
export function recordTooLarge(topic: string, sizeBytes: number, limitBytes: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_RECORD_TOO_LARGE',
    `a record for the topic "${topic}" takes about ${sizeBytes} bytes, of ${limitBytes} that ` +
      'are allowed',
    {
      hint:
        'Raise "requestBytesMax", and with it "max.message.bytes" of the topic, or make the ' +
        'record smaller.',
    },
  )
}

/** @internal */
export function producerClosed(): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_CONNECTION_LOST',
    'the producer was closed before its records were acknowledged',
    { hint: 'The job was stopped or failed elsewhere; the first failure tells why.' },
  )
}

function batchTooLarge(place: TopicPartition, name: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_RECORD_TOO_LARGE',
    `a batch for ${partitionText(place)} was refused: ${name}`,
    {
      hint:
        `Raise "max.message.bytes" of the topic "${place.topic}", or lower "batchBytesMax" below ` +
        'it. A single record that is larger than it can never be written.',
    },
  )
}

function recordRefused(
  place: TopicPartition,
  { recordErrors, errorMessage }: ProducePartitionResponse,
  name: string,
): FlinktsError {
  const [first] = recordErrors
  const which = first === undefined ? 'a record' : `record ${first.recordIndex} of a batch`
  const said = first?.message ?? errorMessage
  const reason = said === undefined ? name : `${name}: ${said}`
  return new FlinktsError(
    'FLINKTS_KAFKA_RECORD_INVALID',
    `${which} for ${partitionText(place)} was refused: ${reason}`,
    {
      hint:
        'A topic with "cleanup.policy" compact takes only records with a key. Timestamps must ' +
        'be within "message.timestamp.before.max.ms" and "message.timestamp.after.max.ms".',
    },
  )
}

function producerStateLost(place: TopicPartition, name: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_PRODUCER_STATE_LOST',
    `the broker does not know what the producer wrote to ${partitionText(place)}: ${name}`,
    {
      hint:
        'The records are written again after the restart from the last checkpoint. If it happens ' +
        'again and again, look for deleted records or unclean leader elections in the topic.',
    },
  )
}

function partitionText({ topic, partition }: TopicPartition): string {
  return `the partition ${partition} of the topic "${topic}"`
}
