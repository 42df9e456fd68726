import { FlinktsError, messageOf } from '@flinkts/core/connector'

/** Which record, or which offset. @internal */
export interface RecordPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** @internal */
export function topicChanged(topic: string, how: 'deleted' | 'recreated'): FlinktsError {
  const what = how === 'deleted' ? 'was deleted' : 'was deleted and made anew'
  return new FlinktsError(
    'FLINKTS_KAFKA_TOPIC_CHANGED',
    `the topic "${topic}" ${what} since the source began to read it`,
    {
      hint:
        'The positions of the checkpoint mean nothing in another topic. Start the job afresh, or ' +
        'give the source another operator id, to read what is there now.',
    },
  )
}

/** @internal */
export function offsetOutOfRange(
  { topic, partition, offset }: RecordPlace,
  range: { readonly earliest: number; readonly latest: number },
): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_OFFSET_OUT_OF_RANGE',
    `offset ${offset} of the partition ${partition} of the topic "${topic}" does not exist: ` +
      `it has ${range.earliest} (inclusive) to ${range.latest} (exclusive)`,
    {
      hint:
        'Records were removed before they were read (retention.ms, retention.bytes), or the log ' +
        'was cut. To go on without them set "onOffsetOutOfRange" to "earliest" or "latest".',
    },
  )
}

/** @param end - Where the log parts from what was read (exclusive). @internal */
export function logTruncated({ topic, partition, offset }: RecordPlace, end: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_LOG_TRUNCATED',
    `the partition ${partition} of the topic "${topic}" lost records that were read: it was ` +
      `read up to offset ${offset}, and its log changed from offset ${end} on`,
    {
      hint:
        'A replica without all records became leader (unclean.leader.election.enable). What was ' +
        'made of the lost records stays. Start the job afresh, from positions that you choose.',
    },
  )
}

/** @param part - Whose bytes the deserializer refused. @internal */
export function notDeserializable(
  { topic, partition, offset }: RecordPlace,
  part: 'key' | 'value',
  cause: unknown,
): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_RECORD_NOT_DESERIALIZABLE',
    `the ${part} at offset ${offset} of the partition ${partition} of the topic "${topic}" ` +
      `cannot be deserialized: ${messageOf(cause)}`,
    {
      hint:
        'Correct the deserializer, or let it give a value for such bytes. "onDeserializeError" ' +
        'can put such records in a side output ("deadLetters"), or leave them out ("skip").',
      cause,
    },
  )
}

/** An error of the codec, with the place that it lacks. @internal */
export function placed(
  error: FlinktsError,
  { topic, partition, offset }: RecordPlace,
): FlinktsError {
  const where = `at offset ${offset} of the partition ${partition} of the topic "${topic}"`
  const { hint } = error
  return new FlinktsError(error.code, `${where}: ${error.message}`, { hint, cause: error })
}
