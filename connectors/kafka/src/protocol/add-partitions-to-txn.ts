import type { Api } from './api.ts'
import {
  type PartitionError,
  readTopicOfErrors,
  type TopicOf,
  writeTopicOfIndexes,
} from './topics.ts'
import { type TransactionReference, writeTransaction } from './transaction-reference.ts'

/** @internal */
export interface AddPartitionsToTxnRequest {
  readonly transaction: TransactionReference
  readonly topics: readonly TopicOf<number>[]
}

/** @internal */
export interface AddPartitionsToTxnResponse {
  readonly topics: readonly TopicOf<PartitionError>[]
}

/** Begins a transaction, or adds partitions to it; from version 4 on only brokers may. @internal */
export const addPartitionsToTxnApi: Api<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = {
  name: 'AddPartitionsToTxn',
  key: 24,
  versions: { min: 2, max: 3 },
  flexibleFrom: 3,
  encode: (writer, request) => {
    writeTransaction(writer, request.transaction)
    writer.array(request.topics, writeTopicOfIndexes)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readTopicOfErrors)
    reader.tags()
    return { topics }
  },
}
