import type { Api } from './api.ts'
import { type Isolation, isolationLevel } from './isolation.ts'
import { readTopic, type TopicOf, writeTopic } from './topics.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** @internal */
export interface ListOffsetsPartitionRequest {
  readonly partition: number
  /** The leader epoch of the metadata that led to this broker; -1: unknown. */
  readonly currentLeaderEpoch: number
  /** In ms since 1970, or -1 the end, -2 the start, -3 (from version 7 on) the largest one. */
  readonly timestamp: number
}

/** @internal */
export interface ListOffsetsRequest {
  /** With `read-committed`, the end is the last stable offset. */
  readonly isolation: Isolation
  readonly topics: readonly TopicOf<ListOffsetsPartitionRequest>[]
}

/** @internal */
export interface ListOffsetsPartitionResponse {
  readonly partition: number
  readonly errorCode: number
  /** Of the record found; -1 for start and end. */
  readonly timestamp: number
  /** -1: no record is as late as the time asked for. */
  readonly offset: number
  /** -1: unknown. */
  readonly leaderEpoch: number
}

/** @internal */
export interface ListOffsetsResponse {
  readonly topics: readonly TopicOf<ListOffsetsPartitionResponse>[]
}

const consumerReplicaId = -1

/** Which offsets a partition begins and ends with, or has at a time. @internal */
export const listOffsetsApi: Api<ListOffsetsRequest, ListOffsetsResponse> = {
  name: 'ListOffsets',
  key: 2,
  versions: { min: 4, max: 7 },
  flexibleFrom: 6,
  encode: (writer, request) => {
    writer.int32(consumerReplicaId)
    writer.int8(isolationLevel(request.isolation))
    writer.array(request.topics, writeListOffsetsTopic)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readListOffsetsTopic)
    reader.tags()
    return { topics }
  },
}

function writeListOffsetsTopic(
  writer: WireWriter,
  topic: TopicOf<ListOffsetsPartitionRequest>,
): void {
  writeTopic(writer, topic, writeListOffsetsPartition)
}

function writeListOffsetsPartition(
  writer: WireWriter,
  partition: ListOffsetsPartitionRequest,
): void {
  writer.int32(partition.partition)
  writer.int32(partition.currentLeaderEpoch)
  writer.int64(partition.timestamp)
  writer.noTags()
}

function readListOffsetsTopic(reader: WireReader): TopicOf<ListOffsetsPartitionResponse> {
  return readTopic(reader, readListOffsetsPartition)
}

function readListOffsetsPartition(reader: WireReader): ListOffsetsPartitionResponse {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const timestamp = reader.int64()
  const offset = reader.int64()
  const leaderEpoch = reader.int32()
  reader.tags()
  return { partition, errorCode, timestamp, offset, leaderEpoch }
}
