import { type Scheduler, delay } from '@flinkts/core/connector'
import { transportError } from '../../src/connection/errors.ts'
import { encodeRequest } from '../../src/protocol/api.ts'
import { kafkaErrors, type KafkaErrorName } from '../../src/protocol/error-codes.ts'
import type { TopicMetadata } from '../../src/protocol/metadata.ts'
import {
  produceApi,
  type ProducePartitionResponse,
  type ProduceRequest,
  type ProduceResponse,
} from '../../src/protocol/produce.ts'
import type { TopicPartition } from '../../src/protocol/topics.ts'
import type { ProducerCluster } from '../../src/producer/kafka-producer.ts'
import { batchLayout } from '../../src/records/record-batch.ts'
import { readInt64 } from '../../src/records/int64.ts'
import { sequenceAfter } from '../../src/records/sequence.ts'
import { valuesIn } from '../records/batches.ts'

/** Whether a request is lost on its way there, or its answer on the way back. */
export type RequestFate = 'answered' | 'request-lost' | 'answer-lost'

/** What a broker says of a batch instead of appending it, or after it. */
export type BatchFate = KafkaErrorName

/** A batch as a broker got it. */
export interface ArrivedBatch {
  readonly nodeId: number
  readonly partition: number
  readonly bytes: Buffer
}

const batchesKept = 5

/**
 * The log of one topic over some brokers, with Kafka's rules for idempotent producers: the last
 * five batches of a producer are known again, and all others must follow on one another.
 */
export class AppendLog implements ProducerCluster {
  /** Every batch that came to a broker, in order. */
  readonly arrived: ArrivedBatch[] = []
  /** The partitions of every request. */
  readonly requests: (readonly number[])[] = []
  /** What is in the log, by partition. */
  readonly values: (string | undefined)[][]
  readonly leaders: number[]
  requestFate: () => RequestFate = () => 'answered'
  batchFate: (batch: ArrivedBatch) => BatchFate = () => 'NONE'
  /** How long the brokers take. */
  latencyMs: () => number = () => 0
  topicError: KafkaErrorName = 'NONE'
  /** The most requests that were under way to one broker. */
  underWayMax = 0
  readonly #underWay = new Map<number, number>()
  readonly #sequences = new Map<string, number[][]>()
  readonly #topic: string
  readonly #scheduler: Scheduler
  #known: readonly number[] = []

  /** @param leaders - By partition. */
  constructor(topic: string, leaders: readonly number[], scheduler: Scheduler) {
    this.#topic = topic
    this.leaders = [...leaders]
    this.values = leaders.map(() => [])
    this.#scheduler = scheduler
  }

  readonly metadata: ProducerCluster['metadata'] = {
    topics: async () => {
      await this.metadata.refresh([this.#topic])
      return [this.#describe()]
    },
    refresh: async () => {
      await delay(this.#scheduler, this.latencyMs())
      this.#known = [...this.leaders]
    },
    topicOf: () => this.#describe(),
    leaderOf: ({ partition }: TopicPartition) => {
      const nodeId = this.#known[partition] ?? -1
      return nodeId < 0 ? undefined : { nodeId, leaderEpoch: 0 }
    },
  }

  async produce(nodeId: number, request: ProduceRequest): Promise<ProduceResponse | undefined> {
    // A real request copies the bytes too; what follows must not see a buffer that is used again.
    encodeRequest(produceApi, produceApi.versions.max, request)
    const partitions = request.topics[0]?.partitions ?? []
    const copies = partitions.map(({ partition, records }) => ({
      nodeId,
      partition,
      bytes: Buffer.from(records),
    }))
    this.requests.push(copies.map(({ partition }) => partition))
    this.#count(nodeId, 1)
    try {
      await delay(this.#scheduler, this.latencyMs())
      return this.#handle(nodeId, copies, request.acks)
    } finally {
      this.#count(nodeId, -1)
    }
  }

  #handle(nodeId: number, batches: readonly ArrivedBatch[], acks: number) {
    const fate = this.requestFate()
    const lost = transportError('closed', { host: `node-${nodeId}`, port: 9092 }, 'it was cut')
    if (fate === 'request-lost') throw lost
    const partitions = batches.map((batch) => this.#append(batch))
    if (fate === 'answer-lost') throw lost
    if (acks === 0) return undefined
    return { topics: [{ topic: this.#topic, partitions }], throttleTimeMs: 0 }
  }

  #append(batch: ArrivedBatch): ProducePartitionResponse {
    this.arrived.push(batch)
    const { partition, nodeId, bytes } = batch
    const fate = this.batchFate(batch)
    if (this.leaders[partition] !== nodeId) return answer(partition, 'NOT_LEADER_OR_FOLLOWER')
    const appends = fate === 'NONE' || fate === 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
    if (!appends) return answer(partition, fate)
    const verdict = this.#checkSequence(partition, bytes)
    if (verdict === 'new') this.values[partition]?.push(...valuesIn(bytes))
    return answer(partition, verdict === 'gap' ? 'OUT_OF_ORDER_SEQUENCE_NUMBER' : fate)
  }

  #checkSequence(partition: number, bytes: Buffer): 'new' | 'known' | 'gap' {
    const producerId = readInt64(bytes, batchLayout.producerId)
    if (producerId < 0) return 'new'
    const base = bytes.readInt32BE(batchLayout.baseSequence)
    const next = sequenceAfter(base, bytes.readInt32BE(batchLayout.recordCount))
    const key = `${partition} ${producerId}`
    const kept = this.#sequences.get(key) ?? []
    if (kept.some(([from, to]) => from === base && to === next)) return 'known'
    if (base !== (kept.at(-1)?.[1] ?? 0)) return 'gap'
    this.#sequences.set(key, [...kept, [base, next]].slice(-batchesKept))
    return 'new'
  }

  #count(nodeId: number, change: number): void {
    const count = (this.#underWay.get(nodeId) ?? 0) + change
    this.#underWay.set(nodeId, count)
    this.underWayMax = Math.max(this.underWayMax, count)
  }

  #describe(): TopicMetadata {
    const partitions = this.#known.map((leaderId, partition) => ({
      errorCode: leaderId < 0 ? kafkaErrors.LEADER_NOT_AVAILABLE : 0,
      partition,
      leaderId,
      leaderEpoch: 0,
      replicaIds: [],
      inSyncReplicaIds: [],
      offlineReplicaIds: [],
    }))
    const errorCode = kafkaErrors[this.topicError]
    return {
      errorCode,
      topic: this.#topic,
      topicId: undefined,
      internal: false,
      partitions: errorCode === 0 ? partitions : [],
    }
  }
}

function answer(partition: number, error: KafkaErrorName): ProducePartitionResponse {
  return {
    partition,
    errorCode: kafkaErrors[error],
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: 0,
    recordErrors: [],
    errorMessage: undefined,
    currentLeader: undefined,
  }
}
