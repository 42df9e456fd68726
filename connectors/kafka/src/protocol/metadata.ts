import type { Api } from './api.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** @internal */
export interface MetadataRequest {
  /** Undefined: all topics that the user may see. */
  readonly topics: readonly string[] | undefined
  readonly allowAutoTopicCreation: boolean
}

/** A broker, as the cluster tells of it. @internal */
export interface BrokerMetadata {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
}

/** @internal */
export interface PartitionMetadata {
  readonly errorCode: number
  readonly partition: number
  /** -1: nobody leads. */
  readonly leaderId: number
  /** -1: unknown. */
  readonly leaderEpoch: number
  readonly replicaIds: readonly number[]
  readonly inSyncReplicaIds: readonly number[]
  readonly offlineReplicaIds: readonly number[]
}

/** @internal */
export interface TopicMetadata {
  readonly errorCode: number
  readonly topic: string
  /** Another one after the topic was removed and made again; undefined: the broker tells none. */
  readonly topicId: string | undefined
  /** Whether it is one of Kafka's own, such as `__consumer_offsets`. */
  readonly internal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

/** @internal */
export interface MetadataResponse {
  readonly brokers: readonly BrokerMetadata[]
  readonly clusterId: string | undefined
  /** -1: unknown. */
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

/**
 * The brokers, topics and leaders. From version 10 on (Kafka 2.8) topics have an id, by which one
 * that was removed and made again is told from the old one.
 *
 * @internal
 */
export const metadataApi: Api<MetadataRequest, MetadataResponse> = {
  name: 'Metadata',
  key: 3,
  versions: { min: 7, max: 12 },
  flexibleFrom: 9,
  encode: (writer, { topics, allowAutoTopicCreation }) => {
    writer.nullableArray(topics, writeTopicName)
    writer.boolean(allowAutoTopicCreation)
    if (writer.version >= 8 && writer.version <= 10) writer.boolean(false)
    if (writer.version >= 8) writer.boolean(false)
  },
  decode: (reader) => {
    reader.int32()
    const brokers = reader.array(readBroker)
    const clusterId = reader.nullableString()
    const controllerId = reader.int32()
    const topics = reader.array(readTopicMetadata)
    if (reader.version >= 8 && reader.version <= 10) reader.int32()
    reader.tags()
    return { brokers, clusterId, controllerId, topics }
  },
}

function writeTopicName(writer: WireWriter, topic: string): void {
  if (writer.version >= 10) writer.uuid(undefined)
  writer.string(topic)
  writer.noTags()
}

function readBroker(reader: WireReader): BrokerMetadata {
  const nodeId = reader.int32()
  const host = reader.string()
  const port = reader.int32()
  const rack = reader.nullableString()
  reader.tags()
  return { nodeId, host, port, rack }
}

function readTopicMetadata(reader: WireReader): TopicMetadata {
  const errorCode = reader.int16()
  // Null only where the request named an id that the broker does not know.
  const topic = reader.nullableString() ?? ''
  const topicId = reader.version >= 10 ? reader.uuid() : undefined
  const internal = reader.boolean()
  const partitions = reader.array(readPartitionMetadata)
  if (reader.version >= 8) reader.int32()
  reader.tags()
  return { errorCode, topic, topicId, internal, partitions }
}

function readPartitionMetadata(reader: WireReader): PartitionMetadata {
  const errorCode = reader.int16()
  const partition = reader.int32()
  const leaderId = reader.int32()
  const leaderEpoch = reader.int32()
  const replicaIds = reader.int32Array()
  const inSyncReplicaIds = reader.int32Array()
  const offlineReplicaIds = reader.int32Array()
  reader.tags()
  return {
    errorCode,
    partition,
    leaderId,
    leaderEpoch,
    replicaIds,
    inSyncReplicaIds,
    offlineReplicaIds,
  }
}
