import type { Api } from './api.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** A topic to make. @internal */
export interface NewTopic {
  readonly topic: string
  /** -1: as the broker is set. */
  readonly partitionCount: number
  /** -1: as the broker is set. */
  readonly replicationFactor: number
  /** Settings that differ from those of the broker. */
  readonly settings: Readonly<Record<string, string>>
}

/** @internal */
export interface CreateTopicsRequest {
  readonly topics: readonly NewTopic[]
  /** How long the broker waits until the topics are made. */
  readonly timeoutMs: number
}

/** @internal */
export interface CreatedTopic {
  readonly topic: string
  readonly errorCode: number
  readonly errorMessage: string | undefined
}

/** @internal */
export interface CreateTopicsResponse {
  readonly topics: readonly CreatedTopic[]
}

/** Makes topics. @internal */
export const createTopicsApi: Api<CreateTopicsRequest, CreateTopicsResponse> = {
  name: 'CreateTopics',
  key: 19,
  versions: { min: 4, max: 5 },
  flexibleFrom: 5,
  encode: (writer, { topics, timeoutMs }) => {
    writer.array(topics, writeNewTopic)
    writer.int32(timeoutMs)
    // Not only to see whether it would work.
    writer.boolean(false)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readCreatedTopic)
    reader.tags()
    return { topics }
  },
}

function writeNewTopic(writer: WireWriter, topic: NewTopic): void {
  writer.string(topic.topic)
  writer.int32(topic.partitionCount)
  writer.int16(topic.replicationFactor)
  // Which broker gets which partition is left to the cluster.
  writer.int32Array([])
  writer.array(Object.entries(topic.settings), writeSetting)
  writer.noTags()
}

function writeSetting(writer: WireWriter, [name, value]: readonly [string, string]): void {
  writer.string(name)
  writer.nullableString(value)
  writer.noTags()
}

function readCreatedTopic(reader: WireReader): CreatedTopic {
  const topic = reader.string()
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString()
  if (reader.version >= 5) {
    reader.int32()
    reader.int16()
    reader.nullableArray(passSetting)
  }
  reader.tags()
  return { topic, errorCode, errorMessage }
}

function passSetting(reader: WireReader): void {
  reader.string()
  reader.nullableString()
  reader.boolean()
  reader.int8()
  reader.boolean()
  reader.tags()
}
