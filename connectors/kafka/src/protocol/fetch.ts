import type { Api } from './api.ts'
import { type Isolation, isolationLevel } from './isolation.ts'
import { readTopic, type TopicOf, writeTopic, writeTopicOfIndexes } from './topics.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** Where in a partition to read. @internal */
export interface FetchPartitionRequest {
  readonly partition: number
  /** The leader epoch of the metadata that led to this broker; -1: unknown. */
  readonly currentLeaderEpoch: number
  /** Of the first record to read (inclusive). */
  readonly fetchOffset: number
  /** The leader epoch of the record before; -1: unknown. Only told from version 12 on. */
  readonly lastFetchedEpoch: number
  /** The first batch is returned whole, also if it is larger. */
  readonly partitionBytesMax: number
}

/** @internal */
export interface FetchRequest {
  /** How long the broker may wait for `bytesMin`. */
  readonly waitMsMax: number
  readonly bytesMin: number
  readonly bytesMax: number
  readonly isolation: Isolation
  /** 0 with `sessionEpoch` -1: no session. */
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly topics: readonly TopicOf<FetchPartitionRequest>[]
  /** What leaves the session. */
  readonly forgottenTopics: readonly TopicOf<number>[]
  /** Of the reader, so that a replica nearby may be named; empty: none. */
  readonly rackId: string
}

/** A transaction that was aborted, some of whose records are among those returned. @internal */
export interface AbortedTransaction {
  readonly producerId: number
  /** Of its first record (inclusive). */
  readonly firstOffset: number
}

/** How the log of a partition and what was read before part. @internal */
export interface DivergingEpoch {
  /** The largest epoch of the leader that is not above `lastFetchedEpoch`. */
  readonly epoch: number
  /** Where that epoch ends in the log of the leader (exclusive). */
  readonly endOffset: number
}

/** Who leads a partition now. @internal */
export interface CurrentLeader {
  readonly leaderId: number
  readonly leaderEpoch: number
}

/** @internal */
export interface FetchPartitionResponse {
  readonly partition: number
  readonly errorCode: number
  /** Exclusive; -1: unknown. */
  readonly highWatermark: number
  /** Where the first open transaction begins (exclusive); -1: unknown. */
  readonly lastStableOffset: number
  /** Of the first record that is kept (inclusive); -1: unknown. */
  readonly logStartOffset: number
  /** From version 12 on, if the log was cut below what was read. */
  readonly divergingEpoch: DivergingEpoch | undefined
  /** From version 12 on, with an error that says that another broker leads. */
  readonly currentLeader: CurrentLeader | undefined
  /** In no order; empty with `read-uncommitted`. */
  readonly abortedTransactions: readonly AbortedTransaction[]
  /** The broker that should be read from instead; -1: this one. */
  readonly preferredReadReplica: number
  /**
   * Record batches, of which the first may begin before `fetchOffset` and the last may be cut. A
   * view of the whole response, which it keeps in memory. Empty: nothing new.
   */
  readonly records: Buffer
}

/** @internal */
export interface FetchResponse {
  readonly throttleTimeMs: number
  /** Of the request as a whole, such as an unknown session. */
  readonly errorCode: number
  readonly sessionId: number
  readonly topics: readonly TopicOf<FetchPartitionResponse>[]
}

const noRecords = Buffer.alloc(0)
const consumerReplicaId = -1
/** Only replicas tell where their log starts. */
const noLogStartOffset = -1

/**
 * Reads records. Version 13 names topics by id alone, which brokers before 3.1 cannot.
 *
 * @internal
 */
export const fetchApi: Api<FetchRequest, FetchResponse> = {
  name: 'Fetch',
  key: 1,
  versions: { min: 11, max: 12 },
  flexibleFrom: 12,
  encode: (writer, request) => {
    writer.int32(consumerReplicaId)
    writer.int32(request.waitMsMax)
    writer.int32(request.bytesMin)
    writer.int32(request.bytesMax)
    writer.int8(isolationLevel(request.isolation))
    writer.int32(request.sessionId)
    writer.int32(request.sessionEpoch)
    writer.array(request.topics, writeFetchTopic)
    writer.array(request.forgottenTopics, writeTopicOfIndexes)
    writer.string(request.rackId)
  },
  decode: (reader) => {
    const throttleTimeMs = reader.int32()
    const errorCode = reader.int16()
    const sessionId = reader.int32()
    const topics = reader.array(readFetchTopic)
    reader.tags()
    return { throttleTimeMs, errorCode, sessionId, topics }
  },
}

function writeFetchTopic(writer: WireWriter, topic: TopicOf<FetchPartitionRequest>): void {
  writeTopic(writer, topic, writeFetchPartition)
}

function writeFetchPartition(writer: WireWriter, partition: FetchPartitionRequest): void {
  writer.int32(partition.partition)
  writer.int32(partition.currentLeaderEpoch)
  writer.int64(partition.fetchOffset)
  if (writer.version >= 12) writer.int32(partition.lastFetchedEpoch)
  writer.int64(noLogStartOffset)
  writer.int32(partition.partitionBytesMax)
  writer.noTags()
}

function readFetchTopic(reader: WireReader): TopicOf<FetchPartitionResponse> {
  return readTopic(reader, readFetchPartition)
}

function readFetchPartition(reader: WireReader): FetchPartitionResponse {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = reader.int64()
  const logStartOffset = reader.int64()
  const abortedTransactions = reader.nullableArray(readAborted) ?? []
  const preferredReadReplica = reader.int32()
  const records = reader.nullableBytes() ?? noRecords
  let divergingEpoch: DivergingEpoch | undefined
  let currentLeader: CurrentLeader | undefined
  reader.tags((tag) => {
    if (tag === 0) divergingEpoch = readDivergingEpoch(reader)
    if (tag === 1) currentLeader = readCurrentLeader(reader)
  })
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    divergingEpoch,
    currentLeader,
    abortedTransactions,
    preferredReadReplica,
    records,
  }
}

function readAborted(reader: WireReader): AbortedTransaction {
  const producerId = reader.int64()
  const firstOffset = reader.int64()
  reader.tags()
  return { producerId, firstOffset }
}

function readDivergingEpoch(reader: WireReader): DivergingEpoch {
  const epoch = reader.int32()
  const endOffset = reader.int64()
  reader.tags()
  return { epoch, endOffset }
}

/** Reads the tagged field that Fetch and Produce have in common. @internal */
export function readCurrentLeader(reader: WireReader): CurrentLeader {
  const leaderId = reader.int32()
  const leaderEpoch = reader.int32()
  reader.tags()
  return { leaderId, leaderEpoch }
}
