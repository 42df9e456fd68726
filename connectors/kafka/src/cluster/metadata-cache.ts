import type { Clock } from '@flinkts/core/connector'
import { kafkaErrors } from '../protocol/error-codes.ts'
import {
  type BrokerMetadata,
  metadataApi,
  type MetadataResponse,
  type PartitionMetadata,
  type TopicMetadata,
} from '../protocol/metadata.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import type { KafkaTransport } from './kafka-transport.ts'
import type { Requester } from './requester.ts'

/** Who leads a partition. @internal */
export interface Leader {
  readonly nodeId: number
  /** -1: unknown. */
  readonly leaderEpoch: number
}

/** What the cache needs. @internal */
export interface MetadataContext {
  readonly requester: Requester
  readonly transport: KafkaTransport
  readonly clock: Clock
  readonly random: () => number
  /** How old what is known may become. */
  readonly maxAgeMs: number
}

interface CachedTopic {
  readonly metadata: TopicMetadata
  /** On the monotonic clock. */
  readonly readAtMs: number
}

/**
 * What is known of brokers, topics and leaders. Topics that do not exist and partitions that nobody
 * leads are data: they never make a refresh fail. Runs on one thread.
 *
 * @internal
 */
export class MetadataCache {
  readonly #context: MetadataContext
  readonly #topics = new Map<string, CachedTopic>()
  #brokers: ReadonlyMap<number, BrokerMetadata> = new Map()
  #clusterId: string | undefined
  #controllerId = -1

  constructor(context: MetadataContext) {
    this.#context = context
  }

  /** Undefined before the first refresh. */
  get clusterId(): string | undefined {
    return this.#clusterId
  }

  /** By node id; empty before the first refresh. */
  get brokers(): ReadonlyMap<number, BrokerMetadata> {
    return this.#brokers
  }

  /** The broker that manages topics; -1: unknown. */
  get controllerId(): number {
    return this.#controllerId
  }

  /** Brokers to ask what all of them know, at random, and last those of the configuration. */
  anyNodes(): readonly number[] {
    const known = [...this.#brokers.keys()]
    const start = Math.floor(this.#context.random() * known.length)
    return [...known.slice(start), ...known.slice(0, start), ...this.#context.transport.seedIds]
  }

  /**
   * What is known of these topics, in their order; asks if any is unknown, in error, lacks a leader
   * or is too old.
   *
   * @throws FlinktsError as `Requester.sendToAny`
   */
  async topics(names: readonly string[], signal?: AbortSignal): Promise<readonly TopicMetadata[]> {
    if (names.some((name) => this.#isStale(name))) await this.refresh(names, signal)
    return names.map((name) => this.#topics.get(name)?.metadata ?? missingTopic(name))
  }

  /**
   * Asks a broker for the cluster and these topics.
   *
   * @throws FlinktsError as `Requester.sendToAny`
   */
  async refresh(names: readonly string[], signal?: AbortSignal): Promise<void> {
    this.#remember(await this.#ask([...new Set(names)], signal))
  }

  /**
   * All topics that the user may see, always asked for.
   *
   * @throws FlinktsError as `Requester.sendToAny`
   */
  async allTopics(signal?: AbortSignal): Promise<readonly TopicMetadata[]> {
    const response = await this.#ask(undefined, signal)
    this.#rememberCluster(response)
    return response.topics
  }

  /** A topic as far as it is known; asks nobody. */
  topicOf(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic)?.metadata
  }

  /** Who leads a partition, as far as is known; asks nobody. */
  leaderOf({ topic, partition }: TopicPartition): Leader | undefined {
    const its = this.#topics.get(topic)?.metadata.partitions
    const found = its?.find((one) => one.partition === partition)
    if (found === undefined || found.leaderId < 0) return undefined
    return { nodeId: found.leaderId, leaderEpoch: found.leaderEpoch }
  }

  #ask(topics: readonly string[] | undefined, signal?: AbortSignal): Promise<MetadataResponse> {
    const request = { topics, allowAutoTopicCreation: false }
    return this.#context.requester.sendToAny(this.anyNodes(), metadataApi, request, { signal })
  }

  #isStale(name: string): boolean {
    const cached = this.#topics.get(name)
    if (cached === undefined) return true
    const { metadata, readAtMs } = cached
    if (this.#context.clock.monotonic() - readAtMs > this.#context.maxAgeMs) return true
    return metadata.errorCode !== 0 || metadata.partitions.some(({ leaderId }) => leaderId < 0)
  }

  #remember(response: MetadataResponse): void {
    this.#rememberCluster(response)
    const readAtMs = this.#context.clock.monotonic()
    for (const topic of response.topics) {
      const metadata = newest(this.#topics.get(topic.topic)?.metadata, topic)
      this.#topics.set(topic.topic, { metadata, readAtMs })
    }
  }

  #rememberCluster({ brokers, clusterId, controllerId }: MetadataResponse): void {
    this.#brokers = new Map(brokers.map((broker) => [broker.nodeId, broker]))
    this.#clusterId = clusterId
    this.#controllerId = controllerId
    this.#context.transport.updateBrokers(brokers)
  }
}

/** A broker that lags behind may still name a leader of before: the larger epoch is right. */
function newest(before: TopicMetadata | undefined, now: TopicMetadata): TopicMetadata {
  if (before === undefined || before.topicId !== now.topicId) return now
  const known = new Map(before.partitions.map((partition) => [partition.partition, partition]))
  return { ...now, partitions: now.partitions.map((one) => newer(known.get(one.partition), one)) }
}

function newer(before: PartitionMetadata | undefined, now: PartitionMetadata): PartitionMetadata {
  return before !== undefined && now.leaderEpoch >= 0 && now.leaderEpoch < before.leaderEpoch
    ? before
    : now
}

/** What is said of a topic that does not exist. @internal */
export function missingTopic(topic: string): TopicMetadata {
  const errorCode = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION
  return { errorCode, topic, topicId: undefined, internal: false, partitions: [] }
}
