import type { Api } from './api.ts'
import { readTopic, type TopicOf, writeTopic } from './topics.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** @internal */
export interface EpochPartitionRequest {
  readonly partition: number
  /** The leader epoch of the metadata that led to this broker; -1: unknown. */
  readonly currentLeaderEpoch: number
  /** The epoch whose end is asked for. */
  readonly leaderEpoch: number
}

/** @internal */
export interface OffsetForLeaderEpochRequest {
  readonly topics: readonly TopicOf<EpochPartitionRequest>[]
}

/** @internal */
export interface EpochPartitionResponse {
  readonly partition: number
  readonly errorCode: number
  /** The largest epoch that is not above the one asked for; -1: none. */
  readonly leaderEpoch: number
  /** Where that epoch ends (exclusive); -1: unknown. */
  readonly endOffset: number
}

/** @internal */
export interface OffsetForLeaderEpochResponse {
  readonly topics: readonly TopicOf<EpochPartitionResponse>[]
}

const consumerReplicaId = -1

/** Where the records of a leader end: tells whether a log was cut below what was read. @internal */
export const offsetForLeaderEpochApi: Api<
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse
> = {
  name: 'OffsetForLeaderEpoch',
  key: 23,
  versions: { min: 3, max: 4 },
  flexibleFrom: 4,
  encode: (writer, request) => {
    writer.int32(consumerReplicaId)
    writer.array(request.topics, writeEpochTopic)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readEpochTopic)
    reader.tags()
    return { topics }
  },
}

function writeEpochTopic(writer: WireWriter, topic: TopicOf<EpochPartitionRequest>): void {
  writeTopic(writer, topic, writeEpochPartition)
}

function writeEpochPartition(writer: WireWriter, partition: EpochPartitionRequest): void {
  writer.int32(partition.partition)
  writer.int32(partition.currentLeaderEpoch)
  writer.int32(partition.leaderEpoch)
  writer.noTags()
}

function readEpochTopic(reader: WireReader): TopicOf<EpochPartitionResponse> {
  return readTopic(reader, readEpochPartition)
}

function readEpochPartition(reader: WireReader): EpochPartitionResponse {
  const errorCode = reader.int16()
  const partition = reader.int32()
  const leaderEpoch = reader.int32()
  const endOffset = reader.int64()
  reader.tags()
  return { partition, errorCode, leaderEpoch, endOffset }
}
