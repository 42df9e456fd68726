import { delay, type FlinktsError, WakeSignal } from '@flinkts/core/connector'
import { isTransient } from '../cluster/retry.ts'
import { brokerError } from '../connection/errors.ts'
import { isOther } from '../enumeration/topic-finder.ts'
import { kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import type { FetchPartitionResponse, FetchRequest, FetchResponse } from '../protocol/fetch.ts'
import { groupByTopic } from '../protocol/topics.ts'
import { topicChanged } from '../runtime/source-errors.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import { splitIdOf } from '../split.ts'
import { backoffMs } from '../runtime/backoff.ts'
import { PartitionResponses } from './partition-responses.ts'
import { FetchState, type FetchTarget } from './fetch-state.ts'

/** What the fetcher tells. @internal */
export interface FetcherEvents {
  /** Something was pushed to a target. */
  readonly onRecords: () => void
  readonly onBytes: (count: number) => void
  /** Nothing is fetched any more. */
  readonly onFailure: (cause: unknown) => void
  readonly onReset: () => void
}

/** Between attempts to find leaders. */
const pauses = { minMs: 20, maxMs: 1_000 }
/** While a partition lacks room for now, an answer without records must not take long. */
const crowdedWaitMsMax = 50
/** A topic unknown for so long was deleted: a broker that starts knows all of them sooner. */
const deletedAfterMs = 10_000

/**
 * Fetches in the background: one request at a time to each broker that leads any of the partitions.
 * Each asks only for partitions that have room and are not paused, so that backpressure, alignment
 * and pauses are one thing. What fails in a partition stays there: its leader is found again, with
 * pauses, until `unavailableMsMax` is over. Runs on the task's thread.
 *
 * @internal
 */
export class Fetcher {
  readonly #context: SourceContext
  readonly #events: FetcherEvents
  readonly #responses: PartitionResponses
  readonly #states = new Map<string, FetchState>()
  /** One for each broker that is fetched from. */
  readonly #nodes = new Map<number, { readonly room: WakeSignal; readonly done: Promise<void> }>()
  readonly #closing = new AbortController()
  readonly #lost = new WakeSignal()
  #finding: Promise<void> = Promise.resolve()

  constructor(context: SourceContext, events: FetcherEvents) {
    this.#context = context
    this.#events = events
    this.#responses = new PartitionResponses(context, events.onReset)
  }

  start(): void {
    this.#finding = this.#guard(() => this.#findLeaders())
  }

  add(target: FetchTarget): void {
    const { splitId } = target.split
    this.#states.set(splitId, new FetchState(target, this.#context.options.fetch.partitionBytesMax))
    this.#lost.notify()
  }

  remove(splitId: string): void {
    this.#states.delete(splitId)
  }

  setPaused(splitId: string, paused: boolean): void {
    const state = this.#states.get(splitId)
    if (state === undefined) return
    state.paused = paused
    this.wake()
  }

  /** Where the records of a partition end, as far as is known; -1: unknown. */
  endOffset(splitId: string): number {
    return this.#states.get(splitId)?.endOffset ?? -1
  }

  /** There is room again. */
  wake(): void {
    for (const { room } of this.#nodes.values()) room.notify()
  }

  /** Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#stop()
    await this.#context.cluster.close()
    await Promise.all([this.#finding, ...[...this.#nodes.values()].map(({ done }) => done)])
  }

  async #findLeaders(): Promise<void> {
    const { scheduler, random } = this.#context
    while (!this.#closing.signal.aborted) {
      this.#lost.reset()
      const lost = [...this.#states.values()].filter(({ leader }) => leader === undefined)
      if (lost.length === 0) {
        await this.#lost.wait()
        continue
      }
      const failureCount = Math.min(...lost.map((state) => state.failureCount))
      const pauseMs = failureCount === 0 ? 0 : backoffMs(pauses, failureCount, random)
      await delay(scheduler, pauseMs, this.#closing.signal)
      if (this.#closing.signal.aborted) return
      await this.#find(lost)
      this.#giveUpLongLost(lost)
    }
  }

  async #find(lost: readonly FetchState[]): Promise<void> {
    const { cluster, clock } = this.#context
    const topics = lost.map(({ target }) => target.split.topic)
    try {
      await cluster.metadata.refresh(topics, this.#closing.signal)
    } catch (error) {
      if (!isTransient(error)) throw error
      for (const state of lost) state.lose(error, clock.monotonic())
      return
    }
    for (const state of lost) this.#lead(state)
  }

  #lead(state: FetchState): void {
    const { cluster, clock } = this.#context
    const { topic, topicId, partition } = state.target.split
    const known = cluster.metadata.topicOf(topic)
    if (isOther(topicId, known?.topicId)) throw topicChanged(topic, 'recreated')
    state.leader = cluster.metadata.leaderOf({ topic, partition })
    if (state.leader !== undefined) {
      this.#fetchFrom(state.leader.nodeId)
      return
    }
    const unknown = known?.errorCode === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION
    const error = kafkaError(
      unknown ? kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION : kafkaErrors.LEADER_NOT_AVAILABLE,
    )
    const resource = `the partition ${partition} of the topic "${topic}"`
    const nowMs = clock.monotonic()
    state.lose(brokerError(error, { what: 'finding the leader', resource }), nowMs)
    const failingMs = nowMs - (state.failingSinceMs ?? nowMs)
    if (unknown && failingMs >= deletedAfterMs) throw topicChanged(topic, 'deleted')
  }

  #giveUpLongLost(lost: readonly FetchState[]): void {
    const { clock, options } = this.#context
    for (const { failingSinceMs, lastError } of lost) {
      if (failingSinceMs === undefined || lastError === undefined) continue
      if (clock.monotonic() - failingSinceMs >= options.unavailableMsMax) throw lastError
    }
  }

  /** Starts the loop of a broker, or tells it that it has one partition more. */
  #fetchFrom(nodeId: number): void {
    const node = this.#nodes.get(nodeId)
    if (node !== undefined) return node.room.notify()
    const room = new WakeSignal()
    this.#nodes.set(nodeId, { room, done: this.#guard(() => this.#runNode(nodeId, room)) })
  }

  async #runNode(nodeId: number, room: WakeSignal): Promise<void> {
    while (!this.#closing.signal.aborted) {
      room.reset()
      const its = [...this.#states.values()].filter((state) => state.nodeId === nodeId)
      const wanted = this.#withRoom(its)
      if (wanted.length === 0) await room.wait()
      else await this.#fetch(nodeId, wanted, wanted.length === its.length)
    }
  }

  #withRoom(states: readonly FetchState[]): readonly FetchState[] {
    const { bufferBytesPerPartition, bufferBytesTotal } = this.#context.options.fetch
    let bufferedBytes = 0
    for (const { target, paused } of this.#states.values()) {
      // What is paused may stay long, and must not keep others from being read.
      if (!paused) bufferedBytes += target.bufferedBytes
    }
    if (bufferedBytes >= bufferBytesTotal) return []
    return states.filter(
      ({ target, paused }) =>
        !paused && !target.ended && target.bufferedBytes < bufferBytesPerPartition,
    )
  }

  async #fetch(nodeId: number, wanted: readonly FetchState[], all: boolean): Promise<void> {
    const { cluster } = this.#context
    const asked = wanted.map((state) => ({ state, fetchOffset: state.fetchOffset }))
    try {
      const request = this.#request(wanted, all)
      const response = await cluster.fetch(nodeId, request, this.#closing.signal)
      await this.#take(response, asked)
    } catch (error) {
      if (!isTransient(error)) throw error
      this.#lose(wanted, error)
    }
  }

  #request(wanted: readonly FetchState[], all: boolean): FetchRequest {
    const { fetch, isolation, connection } = this.#context.options
    const partitions = wanted.map((state) => ({
      topic: state.target.split.topic,
      partition: state.target.split.partition,
      currentLeaderEpoch: state.leader?.leaderEpoch ?? -1,
      fetchOffset: state.fetchOffset,
      lastFetchedEpoch: state.lastFetchedEpoch,
      partitionBytesMax: state.partitionBytesMax,
    }))
    const largest = Math.max(...wanted.map((state) => state.partitionBytesMax))
    return {
      waitMsMax: all ? fetch.waitMsMax : Math.min(fetch.waitMsMax, crowdedWaitMsMax),
      bytesMin: fetch.bytesMin,
      bytesMax: Math.max(fetch.bytesMax, largest),
      isolation,
      sessionId: 0,
      sessionEpoch: -1,
      topics: groupByTopic(partitions),
      forgottenTopics: [],
      rackId: connection.rackId,
    }
  }

  async #take(
    response: FetchResponse,
    asked: readonly { readonly state: FetchState; readonly fetchOffset: number }[],
  ): Promise<void> {
    if (response.errorCode !== 0) {
      const operation = { what: 'fetching', resource: 'some partitions' }
      throw brokerError(kafkaError(response.errorCode), operation)
    }
    const answers = new Map<string, FetchPartitionResponse>()
    for (const { topic, partitions } of response.topics) {
      for (const one of partitions) answers.set(splitIdOf(topic, one.partition), one)
    }
    for (const { state, fetchOffset } of asked) {
      const { splitId } = state.target.split
      const answer = answers.get(splitId)
      // It may have ended, or gone elsewhere, while the broker answered.
      if (answer === undefined || this.#states.get(splitId) !== state) continue
      if (state.fetchOffset !== fetchOffset) continue
      const error = await this.#responses.take(state, answer)
      if (error !== undefined) this.#lose([state], error)
      this.#events.onBytes(answer.records.length)
      if (state.replicaId !== undefined) this.#fetchFrom(state.replicaId)
    }
    this.#events.onRecords()
  }

  #lose(states: readonly FetchState[], error: FlinktsError): void {
    const nowMs = this.#context.clock.monotonic()
    const { logger } = this.#context
    for (const state of states) {
      const { topic, partition } = state.target.split
      if (state.failureCount === 0) {
        logger.warn('lost the leader of a partition; finding it again', {
          topic,
          partition,
          reason: error.message,
        })
      }
      state.lose(error, nowMs)
    }
    this.#lost.notify()
  }

  /** @returns what never rejects. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      if (!this.#closing.signal.aborted) this.#events.onFailure(cause)
      this.#stop()
    }
  }

  #stop(): void {
    this.#closing.abort()
    this.#lost.notify()
    this.wake()
  }
}
