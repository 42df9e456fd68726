import { assert } from '@flinkts/core/connector'
import { brokerError } from '../connection/errors.ts'
import { isRetriable, kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import type { Isolation } from '../protocol/isolation.ts'
import { listOffsetsApi, type ListOffsetsPartitionResponse } from '../protocol/list-offsets.ts'
import {
  type EpochPartitionResponse,
  offsetForLeaderEpochApi,
} from '../protocol/offset-for-leader-epoch.ts'
import { flattenTopics, groupByTopic, type TopicPartition } from '../protocol/topics.ts'
import { protocolViolated } from '../protocol/wire-reader.ts'
import type { Leader, MetadataCache } from './metadata-cache.ts'
import type { Requester } from './requester.ts'
import { type RetryContext, isTransient, type OperationOptions, retryUntilDone } from './retry.ts'

/** Which offset of a partition is asked for. @internal */
export interface OffsetQuery extends TopicPartition {
  /**
   * The first that is kept (inclusive), the end (exclusive; before open transactions with
   * `read-committed`), or the first that is as late as a time.
   */
  readonly at: 'earliest' | 'latest' | { readonly timestampMs: number }
}

/** An offset, or why there is none: `errorCode` is 0 if there is one. @internal */
export type OffsetAnswer = ListOffsetsPartitionResponse & TopicPartition

/** Where a leader's records end, or why that is unknown. @internal */
export type EpochAnswer = EpochPartitionResponse & TopicPartition

/** Whose end is asked for. @internal */
export interface EpochQuery extends TopicPartition {
  readonly leaderEpoch: number
}

/** What the class needs. @internal */
export interface PartitionContext extends RetryContext {
  readonly requester: Requester
  readonly metadata: MetadataCache
}

interface PartitionAnswer extends TopicPartition {
  readonly errorCode: number
}

/** A query, and the leader that it goes to. */
interface Led<Query> {
  readonly query: Query
  readonly leader: Leader
}

/**
 * Questions about partitions that their leaders answer. Every partition has an answer of its own:
 * an error of one, or of the broker that leads it, harms no other. What may pass is asked again
 * until the time is over; then its error is the answer.
 *
 * @internal
 */
export class PartitionOffsets {
  readonly #context: PartitionContext

  constructor(context: PartitionContext) {
    this.#context = context
  }

  /**
   * @param queries - One for a partition at most: an answer names nothing else.
   * @returns an answer for each query, in their order.
   */
  list(
    queries: readonly OffsetQuery[],
    isolation: Isolation,
    options: OperationOptions = {},
  ): Promise<readonly OffsetAnswer[]> {
    const nothing = { timestamp: -1, offset: -1, leaderEpoch: -1 }
    const ask = async (nodeId: number, led: readonly Led<OffsetQuery>[]) => {
      const partitions = led.map(({ query, leader }) => ({
        topic: query.topic,
        partition: query.partition,
        currentLeaderEpoch: leader.leaderEpoch,
        timestamp: timestampOf(query.at),
      }))
      const request = { isolation, topics: groupByTopic(partitions) }
      const { requester } = this.#context
      const response = await requester.send(nodeId, listOffsetsApi, request, options)
      return flattenTopics(response.topics)
    }
    return this.#askLeaders<OffsetQuery, OffsetAnswer>({ queries, options, nothing, ask })
  }

  /** As `list`, for other questions. */
  endOfEpochs(
    queries: readonly EpochQuery[],
    options: OperationOptions = {},
  ): Promise<readonly EpochAnswer[]> {
    const nothing = { leaderEpoch: -1, endOffset: -1 }
    const ask = async (nodeId: number, led: readonly Led<EpochQuery>[]) => {
      const partitions = led.map(({ query, leader }) => ({
        ...query,
        currentLeaderEpoch: leader.leaderEpoch,
      }))
      const request = { topics: groupByTopic(partitions) }
      const { requester } = this.#context
      const response = await requester.send(nodeId, offsetForLeaderEpochApi, request, options)
      return flattenTopics(response.topics)
    }
    return this.#askLeaders<EpochQuery, EpochAnswer>({ queries, options, nothing, ask })
  }

  async #askLeaders<Query extends TopicPartition, Answer extends PartitionAnswer>(
    question: Question<Query, Answer>,
  ): Promise<readonly Answer[]> {
    const { queries, options } = question
    assert(new Set(queries.map(keyOf)).size === queries.length, 'a partition is asked for once')
    const answers = new Map<string, Answer>()
    const isOpen = (query: Query): boolean => {
      const answer = answers.get(keyOf(query))
      return answer === undefined || isRetriable(kafkaError(answer.errorCode))
    }
    const attempt = async (): Promise<void> => {
      const open = queries.filter(isOpen)
      const topics = open.map(({ topic }) => topic)
      const { metadata } = this.#context
      if (answers.size > 0) await metadata.refresh(topics, options.signal)
      await metadata.topics(topics, options.signal)
      for (const answer of await this.#askOnce(open, question)) answers.set(keyOf(answer), answer)
      const forgotten = open.find((query) => !answers.has(keyOf(query)))
      if (forgotten === undefined) return
      const { topic, partition } = forgotten
      const missing = `the partition ${partition} of the topic "${topic}" is missing`
      throw protocolViolated('the answer of a leader', missing)
    }
    await retryUntilDone(this.#context, options, async () => {
      await attempt()
      const open = queries.find(isOpen)
      const answer = open === undefined ? undefined : answers.get(keyOf(open))
      if (open === undefined || answer === undefined) return { type: 'done', value: undefined }
      const resource = `the partition ${open.partition} of the topic "${open.topic}"`
      const operation = { what: 'asking the leader', resource }
      return { type: 'again', error: brokerError(kafkaError(answer.errorCode), operation) }
    }).catch((error: unknown) => {
      // The time is over, and every partition has an answer, some of them an error.
      if (!isTransient(error) || answers.size < queries.length) throw error
    })
    return queries.flatMap((query) => answers.get(keyOf(query)) ?? [])
  }

  /** The answers of all leaders; of those that nobody leads or whose leader is away, an error. */
  async #askOnce<Query extends TopicPartition, Answer extends PartitionAnswer>(
    queries: readonly Query[],
    { nothing, ask }: Question<Query, Answer>,
  ): Promise<readonly Answer[]> {
    const failed = (query: Query, errorCode: number): Answer =>
      ({ ...nothing, topic: query.topic, partition: query.partition, errorCode }) as Answer
    const byNode = new Map<number, Led<Query>[]>()
    const leaderless: Answer[] = []
    for (const query of queries) {
      const leader = this.#context.metadata.leaderOf(query)
      if (leader === undefined) leaderless.push(failed(query, this.#whyLeaderless(query)))
      else byNode.set(leader.nodeId, [...(byNode.get(leader.nodeId) ?? []), { query, leader }])
    }
    const answered = Array.from(byNode, ([nodeId, led]) =>
      ask(nodeId, led).catch((error: unknown) => {
        if (!isTransient(error)) throw error
        return led.map(({ query }) => failed(query, kafkaErrors.NETWORK_EXCEPTION))
      }),
    )
    return [...leaderless, ...(await Promise.all(answered)).flat()]
  }

  #whyLeaderless({ topic, partition }: TopicPartition): number {
    const known = this.#context.metadata.topicOf(topic)
    if (known !== undefined && known.errorCode !== 0) return known.errorCode
    const exists = known?.partitions.some((one) => one.partition === partition) === true
    return exists ? kafkaErrors.LEADER_NOT_AVAILABLE : kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION
  }
}

interface Question<Query, Answer> {
  readonly queries: readonly Query[]
  readonly options: OperationOptions
  /** The fields of an answer that is an error. */
  readonly nothing: Omit<Answer, keyof PartitionAnswer>
  readonly ask: (nodeId: number, led: readonly Led<Query>[]) => Promise<readonly Answer[]>
}

function timestampOf(at: OffsetQuery['at']): number {
  if (at === 'latest') return -1
  return at === 'earliest' ? -2 : at.timestampMs
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`
}
