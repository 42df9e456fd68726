import type { Api } from './api.ts'
import { type CurrentLeader, readCurrentLeader } from './fetch.ts'
import { readTopic, type TopicOf, writeTopic } from './topics.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** @internal */
export interface ProducePartitionRequest {
  readonly partition: number
  /** One record batch. */
  readonly records: Uint8Array
}

/** @internal */
export interface ProduceRequest {
  /** Undefined: the batches are of no transaction. */
  readonly transactionalId: string | undefined
  /** Who must have a batch before the broker answers: all in sync (-1), the leader, or nobody. */
  readonly acks: -1 | 0 | 1
  /** How long the broker waits for the replicas. */
  readonly timeoutMs: number
  readonly topics: readonly TopicOf<ProducePartitionRequest>[]
}

/** A record for which its whole batch was refused. @internal */
export interface RecordError {
  /** In the batch, from 0. */
  readonly recordIndex: number
  readonly message: string | undefined
}

/** @internal */
export interface ProducePartitionResponse {
  readonly partition: number
  readonly errorCode: number
  /** What the first record of the batch got; -1: unknown, as after DUPLICATE_SEQUENCE_NUMBER. */
  readonly baseOffset: number
  /** Of the broker, where it stamps records; else -1. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  readonly recordErrors: readonly RecordError[]
  readonly errorMessage: string | undefined
  /** From version 10 on, with an error that says that another broker leads. */
  readonly currentLeader: CurrentLeader | undefined
}

/** @internal */
export interface ProduceResponse {
  readonly topics: readonly TopicOf<ProducePartitionResponse>[]
  readonly throttleTimeMs: number
}

/**
 * Writes record batches. From version 12 on a transaction is one of the second protocol, where a
 * commit moves the epoch on: a committable would not be found again.
 *
 * @internal
 */
export const produceApi: Api<ProduceRequest, ProduceResponse> = {
  name: 'Produce',
  key: 0,
  versions: { min: 7, max: 11 },
  flexibleFrom: 9,
  encode: (writer, request) => {
    writer.nullableString(request.transactionalId)
    writer.int16(request.acks)
    writer.int32(request.timeoutMs)
    writer.array(request.topics, writeProduceTopic)
  },
  decode: (reader) => {
    const topics = reader.array(readProduceTopic)
    const throttleTimeMs = reader.int32()
    reader.tags()
    return { topics, throttleTimeMs }
  },
}

function writeProduceTopic(writer: WireWriter, topic: TopicOf<ProducePartitionRequest>): void {
  writeTopic(writer, topic, writeProducePartition)
}

function writeProducePartition(writer: WireWriter, partition: ProducePartitionRequest): void {
  writer.int32(partition.partition)
  writer.bytes(partition.records)
  writer.noTags()
}

function readProduceTopic(reader: WireReader): TopicOf<ProducePartitionResponse> {
  return readTopic(reader, readProducePartition)
}

function readProducePartition(reader: WireReader): ProducePartitionResponse {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const baseOffset = reader.int64()
  const logAppendTimeMs = reader.int64()
  const logStartOffset = reader.int64()
  const recordErrors = reader.version >= 8 ? reader.array(readRecordError) : []
  const errorMessage = reader.version >= 8 ? reader.nullableString() : undefined
  let currentLeader: CurrentLeader | undefined
  reader.tags((tag) => {
    if (tag === 0) currentLeader = readCurrentLeader(reader)
  })
  return {
    partition,
    errorCode,
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors,
    errorMessage,
    currentLeader,
  }
}

function readRecordError(reader: WireReader): RecordError {
  const recordIndex = reader.int32()
  const message = reader.nullableString()
  reader.tags()
  return { recordIndex, message }
}
