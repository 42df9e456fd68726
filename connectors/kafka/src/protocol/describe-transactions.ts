import type { Api } from './api.ts'
import type { TransactionListing } from './list-transactions.ts'
import type { TopicOf } from './topics.ts'
import type { WireReader } from './wire-reader.ts'

/** @internal */
export interface DescribeTransactionsRequest {
  readonly transactionalIds: readonly string[]
}

/** @internal */
export interface TransactionDescription extends TransactionListing {
  /** TRANSACTIONAL_ID_NOT_FOUND: the broker knows no such id, or not any more. */
  readonly errorCode: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** In ms since 1970; -1: none is open. */
  readonly startTimeMs: number
  readonly topics: readonly TopicOf<number>[]
}

/** @internal */
export interface DescribeTransactionsResponse {
  readonly transactions: readonly TransactionDescription[]
}

/** The state of transactional ids, from the broker that coordinates them. @internal */
export const describeTransactionsApi: Api<
  DescribeTransactionsRequest,
  DescribeTransactionsResponse
> = {
  name: 'DescribeTransactions',
  key: 65,
  versions: { min: 0, max: 0 },
  flexibleFrom: 0,
  encode: (writer, { transactionalIds }) => writer.stringArray(transactionalIds),
  decode: (reader) => {
    reader.int32()
    const transactions = reader.array(readDescription)
    reader.tags()
    return { transactions }
  },
}

function readDescription(reader: WireReader): TransactionDescription {
  const errorCode = reader.int16()
  const transactionalId = reader.string()
  const state = reader.string()
  const timeoutMs = reader.int32()
  const startTimeMs = reader.int64()
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const topics = reader.array(readTopicOfIndexes)
  reader.tags()
  return {
    errorCode,
    transactionalId,
    state,
    timeoutMs,
    startTimeMs,
    producerId,
    producerEpoch,
    topics,
  }
}

function readTopicOfIndexes(reader: WireReader): TopicOf<number> {
  const topic = reader.string()
  const partitions = reader.int32Array()
  reader.tags()
  return { topic, partitions }
}
