import { FlinktsError } from '@flinkts/core/connector'

/**
 * Bytes that are no record batch. Which topic, partition and offset they are of, the caller adds.
 *
 * @param problem - What is wrong, such as "a record is longer than its batch".
 * @internal
 */
export function recordsInvalid(problem: string, cause?: unknown): FlinktsError {
  return new FlinktsError('FLINKTS_KAFKA_RECORDS_INVALID', `invalid record batch: ${problem}`, {
    hint:
      'The bytes were damaged on the disk of the broker or on their way. Compare with what ' +
      'kafka-dump-log.sh says of the segment. A replica that is whole may take over as leader.',
    cause,
  })
}

/** Batches in a version or a compression that is not read. @internal */
export function formatUnsupported(problem: string, hint: string): FlinktsError {
  return new FlinktsError('FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED', problem, { hint })
}

/** Records that take more memory than `decompressedBytesMax`. @internal */
export function decompressedTooLarge(bytesMax: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_BATCH_TOO_LARGE',
    `the records of a batch take more than ${bytesMax} bytes when decompressed`,
    { hint: 'If the batch is meant to be so large, raise decompressedBytesMax.' },
  )
}
