import type { Api } from './api.ts'
import type { CommittedPartition } from './offset-commit.ts'
import { readTopic, type TopicOf, writeTopicOfIndexes } from './topics.ts'
import type { WireReader } from './wire-reader.ts'

/** @internal */
export interface OffsetFetchRequest {
  readonly groupId: string
  /** Undefined: all that the group has. */
  readonly topics: readonly TopicOf<number>[] | undefined
  /** Whether offsets that an open transaction may change are refused (UNSTABLE_OFFSET_COMMIT). */
  readonly requireStable: boolean
}

/** `offset` is -1 where nothing was committed. @internal */
export interface FetchedPartitionOffset extends CommittedPartition {
  readonly errorCode: number
}

/** @internal */
export interface OffsetFetchResponse {
  readonly topics: readonly TopicOf<FetchedPartitionOffset>[]
  readonly errorCode: number
}

/**
 * Reads the offsets of a group. Only from version 7 on can they be asked to be stable.
 *
 * @internal
 */
export const offsetFetchApi: Api<OffsetFetchRequest, OffsetFetchResponse> = {
  name: 'OffsetFetch',
  key: 9,
  versions: { min: 7, max: 7 },
  flexibleFrom: 6,
  encode: (writer, request) => {
    writer.string(request.groupId)
    writer.nullableArray(request.topics, writeTopicOfIndexes)
    writer.boolean(request.requireStable)
  },
  decode: (reader) => {
    reader.int32()
    const topics = reader.array(readFetchedTopic)
    const errorCode = reader.int16()
    reader.tags()
    return { topics, errorCode }
  },
}

function readFetchedTopic(reader: WireReader): TopicOf<FetchedPartitionOffset> {
  return readTopic(reader, readFetchedOffset)
}

function readFetchedOffset(reader: WireReader): FetchedPartitionOffset {
  const partition = reader.int32()
  const offset = reader.int64()
  const leaderEpoch = reader.int32()
  const metadata = reader.nullableString() ?? ''
  const errorCode = reader.int16()
  reader.tags()
  return { partition, offset, leaderEpoch, metadata, errorCode }
}
