import type { Cancellable, Clock, FlinktsError, Scheduler } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { MetadataCache } from '../cluster/metadata-cache.ts'
import { isTransient } from '../cluster/retry.ts'
import { brokerError } from '../connection/errors.ts'
import { kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'
import type { ProducePartitionResponse, ProduceResponse } from '../protocol/produce.ts'
import { groupByTopic, type TopicPartition } from '../protocol/topics.ts'
import { protocolViolated } from '../protocol/wire-reader.ts'
import { backoffMs } from '../runtime/backoff.ts'
import { topicMissing } from '../runtime/topic-errors.ts'
import type { PartitionQueue, PendingBatch, Producer } from './partition-queue.ts'
import { deliveryTimedOut, outcomeOf } from './produce-errors.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import type { ProducerOptions } from './producer-options.ts'
import type { RecordAccumulator } from './record-accumulator.ts'

/** Who produces. @internal */
export interface ProducerSession {
  /** Undefined: without idempotence; what is sent again may be there twice. */
  readonly identity: ProducerIdentity | undefined
  /** Undefined: what is acknowledged is visible at once. */
  readonly transaction:
    | {
        readonly transactionalId: string
        /** Resolves when records may be produced to these partitions. */
        addPartitions(partitions: readonly TopicPartition[]): Promise<void>
      }
    | undefined
}

/** What of a cluster a producer needs. @internal */
export interface ProducerCluster {
  readonly metadata: Pick<MetadataCache, 'topics' | 'refresh' | 'topicOf' | 'leaderOf'>
  produce(...request: Parameters<KafkaCluster['produce']>): Promise<ProduceResponse | undefined>
}

/** What the sender needs. @internal */
export interface SenderContext {
  readonly cluster: ProducerCluster
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly random: () => number
  readonly options: ProducerOptions
  readonly metrics: ProducerMetrics
  readonly onFailure: (cause: unknown) => void
}

/** Between attempts to write a batch or to find its leader. */
export const produceBackoff = { minMs: 20, maxMs: 1_000 }
/** A topic unknown for so long does not exist: a broker that starts knows all of them sooner. */
export const missingAfterMs = 10_000
/** What a broker has to do while the answer to the last request is on its way. */
const requestsPerBrokerMax = 5
/** How long a broker may wait for replicas before it answers. */
const replicationTimeoutMsMax = 30_000

/**
 * Sends the batches of an accumulator to the leaders of their partitions: one batch of a partition
 * at a time, those of many partitions in a request. Nothing is sent before `start`.
 *
 * @internal
 */
export class Sender {
  readonly #context: SenderContext
  readonly #batches: RecordAccumulator
  readonly #requestCounts = new Map<number, number>()
  readonly #work = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #session: ProducerSession | undefined
  #producer: Producer = { producerId: -1, producerEpoch: -1, transactional: false }
  #drainScheduled = false
  #timer: Cancellable | undefined
  #timerAtMs = Infinity
  #adding = false
  #finding = false

  constructor(context: SenderContext, batches: RecordAccumulator) {
    this.#context = context
    this.#batches = batches
  }

  start(session: ProducerSession): void {
    const { identity, transaction } = session
    this.#session = session
    this.#producer = {
      producerId: identity?.producerId ?? -1,
      producerEpoch: identity?.producerEpoch ?? -1,
      transactional: transaction !== undefined,
    }
    this.wake()
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#drainScheduled || this.#session === undefined) return
    this.#drainScheduled = true
    this.#context.scheduler.soon(() => {
      this.#drainScheduled = false
      this.#drain()
    })
  }

  /** A batch was opened, which lingers from now on. */
  linger({ openedAtMs }: PendingBatch): void {
    if (this.#session !== undefined) this.#wakeAt(openedAtMs + this.#context.options.lingerMs)
  }

  /** Sends nothing more. Idempotent. */
  stop(): void {
    this.#stopping.abort()
    this.#timer?.cancel()
  }

  /** Resolves when no request is under way; never rejects. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  #drain(): void {
    const session = this.#session
    if (session === undefined || this.#stopping.signal.aborted) return
    const nowMs = this.#context.clock.monotonic()
    const unknown: PartitionQueue[] = []
    const byNode = new Map<number, PartitionQueue[]>()
    let nextMs = Infinity
    for (const queue of this.#batches.active) {
      if (queue.underWay || (session.transaction !== undefined && !queue.added)) continue
      const dueAtMs = queue.dueAtMs(this.#context.options.lingerMs)
      if (dueAtMs > nowMs) {
        nextMs = Math.min(nextMs, dueAtMs)
        continue
      }
      this.#startDelivery(queue.head(), nowMs)
      if (queue.leaderId < 0) unknown.push(queue)
      else pushTo(byNode, queue)
    }
    this.#addPartitions(session)
    this.#findLeaders(unknown)
    this.#attempt(() => {
      for (const [nodeId, queues] of byNode) this.#sendTo(nodeId, queues)
    })
    this.#wakeAt(nextMs)
  }

  #startDelivery(batch: PendingBatch, nowMs: number): void {
    if (batch.deadlineMs !== Infinity) return
    batch.deadlineMs = nowMs + this.#context.options.deliveryTimeoutMs
  }

  #addPartitions({ transaction }: ProducerSession): void {
    if (transaction === undefined || this.#adding) return
    const queues = [...this.#batches.active].filter(({ added }) => !added)
    if (queues.length === 0) return
    this.#adding = true
    this.#run(async () => {
      await transaction.addPartitions(queues.map(({ topic, partition }) => ({ topic, partition })))
      for (const queue of queues) queue.added = true
      this.#adding = false
    })
  }

  #findLeaders(unknown: readonly PartitionQueue[]): void {
    const { metadata } = this.#context.cluster
    const lost = unknown.filter((queue) => {
      // What is known was wrong, if an attempt failed.
      if (queue.failureCount === 0) queue.leaderId = metadata.leaderOf(queue)?.nodeId ?? -1
      return queue.leaderId < 0
    })
    if (lost.length < unknown.length) this.wake()
    if (lost.length === 0 || this.#finding) return
    this.#finding = true
    this.#run(async () => {
      await this.#refresh(lost)
      this.#finding = false
    })
  }

  async #refresh(lost: readonly PartitionQueue[]): Promise<void> {
    const { metadata } = this.#context.cluster
    try {
      await metadata.refresh(
        lost.map(({ topic }) => topic),
        this.#stopping.signal,
      )
    } catch (error) {
      if (!isTransient(error)) throw error
      for (const queue of lost) this.#sendAgain(queue, error)
      return
    }
    for (const queue of lost) {
      const known = metadata.topicOf(queue.topic)
      if (known !== undefined && known.partitions.length > 0) this.#batches.learn(known)
      queue.leaderId = metadata.leaderOf(queue)?.nodeId ?? -1
      if (queue.leaderId >= 0) queue.missingSinceMs = undefined
      else this.#giveUpOrPause(queue, known?.errorCode)
    }
  }

  #giveUpOrPause(queue: PartitionQueue, topicError: number | undefined): void {
    const nowMs = this.#context.clock.monotonic()
    const missing = topicError === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION
    queue.missingSinceMs = missing ? (queue.missingSinceMs ?? nowMs) : undefined
    if (nowMs - (queue.missingSinceMs ?? nowMs) >= missingAfterMs) throw topicMissing(queue.topic)
    const error = kafkaError(kafkaErrors.LEADER_NOT_AVAILABLE)
    const { topic, partition } = queue
    const resource = `the partition ${partition} of the topic "${topic}"`
    this.#sendAgain(queue, brokerError(error, { what: 'finding the leader', resource }))
  }

  /** As many requests as the broker may have at a time; the rest follows when one is answered. */
  #sendTo(nodeId: number, queues: readonly PartitionQueue[]): void {
    const { requestBytesMax } = this.#context.options
    let together: PartitionQueue[] = []
    let sizeBytes = 0
    for (const queue of queues) {
      if (this.#isBusy(nodeId)) return
      const { bytes } = queue.sealHead(this.#producer)
      if (together.length > 0 && sizeBytes + bytes.length > requestBytesMax) {
        this.#send(nodeId, together)
        together = []
        sizeBytes = 0
        if (this.#isBusy(nodeId)) return
      }
      together.push(queue)
      sizeBytes += bytes.length
    }
    if (together.length > 0) this.#send(nodeId, together)
  }

  #isBusy(nodeId: number): boolean {
    return (this.#requestCounts.get(nodeId) ?? 0) >= requestsPerBrokerMax
  }

  #send(nodeId: number, queues: readonly PartitionQueue[]): void {
    for (const queue of queues) queue.underWay = true
    this.#countRequest(nodeId, 1)
    this.#run(async () => {
      try {
        this.#takeAnswers(queues, await this.#produce(nodeId, queues))
      } finally {
        this.#countRequest(nodeId, -1)
        for (const queue of queues) queue.underWay = false
      }
    })
  }

  #countRequest(nodeId: number, change: 1 | -1): void {
    this.#requestCounts.set(nodeId, (this.#requestCounts.get(nodeId) ?? 0) + change)
    this.#context.metrics.requestsUnderWay += change
  }

  /** @returns an error that another attempt may not meet, or what the broker answered */
  async #produce(
    nodeId: number,
    queues: readonly PartitionQueue[],
  ): Promise<FlinktsError | ProduceResponse | undefined> {
    const { cluster, options } = this.#context
    const partitions = queues.map((queue) => ({
      topic: queue.topic,
      partition: queue.partition,
      records: queue.head().bytes,
    }))
    const request = {
      transactionalId: this.#session?.transaction?.transactionalId,
      acks: options.acks,
      timeoutMs: Math.min(options.deliveryTimeoutMs, replicationTimeoutMsMax),
      topics: groupByTopic(partitions),
    }
    try {
      return await cluster.produce(nodeId, request)
    } catch (error) {
      if (isTransient(error)) return error
      throw error
    }
  }

  #takeAnswers(
    queues: readonly PartitionQueue[],
    answer: FlinktsError | ProduceResponse | undefined,
  ): void {
    if (this.#stopping.signal.aborted) return
    if (answer instanceof Error) {
      for (const queue of queues) {
        queue.leaderId = -1
        this.#sendAgain(queue, answer)
      }
      return
    }
    for (const queue of queues) {
      if (answer === undefined) this.#acknowledge(queue)
      else this.#take(queue, answerOf(answer, queue))
    }
  }

  #take(queue: PartitionQueue, answer: ProducePartitionResponse): void {
    const outcome = outcomeOf(queue.topic, answer)
    switch (outcome.type) {
      case 'acknowledged':
        return this.#acknowledge(queue)
      case 'again':
        if (outcome.leaderLost) queue.leaderId = -1
        return this.#sendAgain(queue, outcome.error)
      case 'failed':
        throw outcome.error
    }
  }

  #acknowledge(queue: PartitionQueue): void {
    const { metrics } = this.#context
    const batch = this.#batches.acknowledge(queue)
    queue.failureCount = 0
    queue.missingSinceMs = undefined
    queue.pausedUntilMs = -Infinity
    metrics.records.add(batch.writer.recordCount)
    metrics.bytes.add(batch.bytes.length)
    metrics.batches.add()
    this.#batches.recycle(batch)
  }

  #sendAgain(queue: PartitionQueue, error: FlinktsError): void {
    const { clock, random, metrics, options } = this.#context
    queue.failureCount += 1
    metrics.retries.add()
    const pauseMs = backoffMs(produceBackoff, queue.failureCount, random)
    queue.pausedUntilMs = clock.monotonic() + pauseMs
    if (queue.pausedUntilMs < queue.head().deadlineMs) return
    throw deliveryTimedOut(queue, options.deliveryTimeoutMs, error)
  }

  #wakeAt(atMs: number): void {
    const { clock, scheduler } = this.#context
    if (atMs >= this.#timerAtMs || this.#stopping.signal.aborted) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = scheduler.after(Math.max(0, atMs - clock.monotonic()), () => {
      this.#timerAtMs = Infinity
      this.#drain()
    })
  }

  /** Runs in the background; its failure is the producer's. */
  #run(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#work.delete(running)
        this.wake()
      })
    this.#work.add(running)
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (!this.#stopping.signal.aborted) this.#context.onFailure(error)
  }
}

function pushTo(byNode: Map<number, PartitionQueue[]>, queue: PartitionQueue): void {
  const queues = byNode.get(queue.leaderId)
  if (queues === undefined) byNode.set(queue.leaderId, [queue])
  else queues.push(queue)
}

/** @throws FlinktsError FLINKTS_KAFKA_PROTOCOL_VIOLATED */
function answerOf(response: ProduceResponse, queue: PartitionQueue): ProducePartitionResponse {
  for (const { topic, partitions } of response.topics) {
    if (topic !== queue.topic) continue
    const found = partitions.find(({ partition }) => partition === queue.partition)
    if (found !== undefined) return found
  }
  const problem = `no answer for the partition ${queue.partition} of the topic "${queue.topic}"`
  throw protocolViolated('the response to Produce', problem)
}
