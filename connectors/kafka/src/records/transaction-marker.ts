import type { RecordCursor } from './record-cursor.ts'
import { recordsInvalid } from './records-invalid.ts'

/**
 * How a transaction of a producer ended in a partition: the first record of a control batch.
 *
 *     key        version 2, type 2 (0: abort, 1: commit, others are not about transactions)
 *     value      version 2, coordinator epoch 4, in newer versions more
 *
 * @internal
 */
export interface TransactionMarker {
  readonly type: 'abort' | 'commit'
  /** Of the transaction coordinator that wrote it. */
  readonly coordinatorEpoch: number
}

const keyBytesMin = 4
const valueBytesMin = 6
const abortType = 0
const commitType = 1

/**
 * Reads the marker out of the records of a control batch, if they hold one.
 *
 * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID
 * @internal
 */
export function readMarker(records: RecordCursor): TransactionMarker | undefined {
  if (!records.next()) return undefined
  if (records.keyLength < keyBytesMin) throw recordsInvalid('a control record has no type')
  const type = records.bytes.readInt16BE(records.keyStart + 2)
  if (type !== abortType && type !== commitType) return undefined
  if (records.valueLength < valueBytesMin) throw recordsInvalid('a marker has no epoch')
  return {
    type: type === abortType ? 'abort' : 'commit',
    coordinatorEpoch: records.bytes.readInt32BE(records.valueStart + 2),
  }
}
