import type { Api } from './api.ts'
import { type PartitionError, readTopicOfErrors, type TopicOf, writeTopic } from './topics.ts'
import type { WireWriter } from './wire-writer.ts'

/** What is kept of a partition for a group. @internal */
export interface CommittedPartition {
  readonly partition: number
  /** Of the next record to read (inclusive). */
  readonly offset: number
  /** Of the record before; -1: unknown. */
  readonly leaderEpoch: number
  /** At most 4096 bytes, unless the broker says otherwise. */
  readonly metadata: string
}

/** @internal */
export interface OffsetCommitRequest {
  readonly groupId: string
  readonly topics: readonly TopicOf<CommittedPartition>[]
}

/** @internal */
export interface OffsetCommitResponse {
  readonly topics: readonly TopicOf<PartitionError>[]
}

/** Without members, which a group has only where its members share out the partitions. */
const noGeneration = -1
const noMember = ''

/** Keeps offsets for a group. @internal */
export const offsetCommitApi: Api<OffsetCommitRequest, OffsetCommitResponse> = {
  name: 'OffsetCommit',
  key: 8,
  versions: { min: 6, max: 8 },
  flexibleFrom: 8,
  encode: (writer, request) => {
    writer.string(request.groupId)
    writeNoMember(writer, writer.version >= 7)
    writer.array(request.topics, writeCommittedTopic)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readTopicOfErrors)
    reader.tags()
    return { topics }
  },
}

/** Writes that no member of a group commits. @internal */
export function writeNoMember(writer: WireWriter, hasInstance: boolean): void {
  writer.int32(noGeneration)
  writer.string(noMember)
  if (hasInstance) writer.nullableString(undefined)
}

/** Writes the offsets of a topic. @internal */
export function writeCommittedTopic(writer: WireWriter, topic: TopicOf<CommittedPartition>): void {
  writeTopic(writer, topic, writeCommittedPartition)
}

function writeCommittedPartition(writer: WireWriter, partition: CommittedPartition): void {
  writer.int32(partition.partition)
  writer.int64(partition.offset)
  writer.int32(partition.leaderEpoch)
  writer.nullableString(partition.metadata)
  writer.noTags()
}
