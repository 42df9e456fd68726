import type { Api } from './api.ts'
import { type CommittedPartition, writeCommittedTopic, writeNoMember } from './offset-commit.ts'
import { type PartitionError, readTopicOfErrors, type TopicOf } from './topics.ts'
import type { TransactionReference } from './transaction-reference.ts'

/** @internal */
export interface TxnOffsetCommitRequest {
  readonly transaction: TransactionReference
  readonly groupId: string
  readonly topics: readonly TopicOf<CommittedPartition>[]
}

/** @internal */
export interface TxnOffsetCommitResponse {
  readonly topics: readonly TopicOf<PartitionError>[]
}

/** Keeps offsets for a group if and when the transaction commits. @internal */
export const txnOffsetCommitApi: Api<TxnOffsetCommitRequest, TxnOffsetCommitResponse> = {
  name: 'TxnOffsetCommit',
  key: 28,
  versions: { min: 2, max: 3 },
  flexibleFrom: 3,
  encode: (writer, { transaction, groupId, topics }) => {
    writer.string(transaction.transactionalId)
    writer.string(groupId)
    writer.int64(transaction.producerId)
    writer.int16(transaction.producerEpoch)
    if (writer.version >= 3) writeNoMember(writer, true)
    writer.array(topics, writeCommittedTopic)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readTopicOfErrors)
    reader.tags()
    return { topics }
  },
}
