import { defined, type FlinktsError } from '@flinkts/core/connector'
import type { OffsetAnswer } from '../cluster/partition-offsets.ts'
import { brokerError } from '../connection/errors.ts'
import { isRetriable, kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import type { FetchPartitionResponse } from '../protocol/fetch.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import { logTruncated, offsetOutOfRange } from '../runtime/source-errors.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import { spanOf } from './batch-span.ts'
import type { FetchState } from './fetch-state.ts'

/** Decides what follows from the answer for one partition. Runs on the task's thread. @internal */
export class PartitionResponses {
  readonly #context: SourceContext
  readonly #onReset: () => void

  constructor(context: SourceContext, onReset: () => void) {
    this.#context = context
    this.#onReset = onReset
  }

  /**
   * Takes the records, if there are any.
   *
   * @returns the error of a partition whose leader is to be found again.
   * @throws FlinktsError FLINKTS_KAFKA_ OFFSET_OUT_OF_RANGE, LOG_TRUNCATED, PERMISSION_DENIED,
   * REQUEST_REFUSED
   */
  async take(state: FetchState, answer: FetchPartitionResponse): Promise<FlinktsError | undefined> {
    if (answer.errorCode === kafkaErrors.OFFSET_OUT_OF_RANGE) return this.#outOfRange(state)
    const error = kafkaError(answer.errorCode)
    if (error.reaction !== 'none') {
      const failure = brokerError(error, { what: 'fetching', resource: resourceOf(state) })
      if (isRetriable(error)) return failure
      throw failure
    }
    if (answer.divergingEpoch !== undefined) {
      throw logTruncated(placeOf(state), answer.divergingEpoch.endOffset)
    }
    state.succeed()
    this.#takeRecords(state, answer)
    return undefined
  }

  #takeRecords(state: FetchState, answer: FetchPartitionResponse): void {
    const committed = this.#context.options.isolation === 'read-committed'
    state.endOffset = committed ? answer.lastStableOffset : answer.highWatermark
    if (answer.preferredReadReplica >= 0) state.replicaId = answer.preferredReadReplica
    if (answer.records.length === 0) return
    const span = spanOf(answer.records, state.fetchOffset)
    if (span.batchCount === 0) {
      state.partitionBytesMax = Math.max(state.partitionBytesMax, span.truncatedBatchBytes)
      return
    }
    state.target.push({
      fetchOffset: state.fetchOffset,
      records: owned(answer.records),
      abortedTransactions: answer.abortedTransactions,
    })
    state.fetchOffset = span.nextOffset
    state.lastFetchedEpoch = span.leaderEpoch
  }

  async #outOfRange(state: FetchState): Promise<FlinktsError | undefined> {
    const { options, logger } = this.#context
    const place = placeOf(state)
    // One after the other: a request asks only once for a partition.
    const first = await this.#ask(place, 'earliest')
    const last = await this.#ask(place, 'latest')
    const [earliest, latest] = [first.offset, last.offset]
    const error = this.#unlessOutside(state, first, last)
    if (error !== undefined) return error
    const policy = options.onOffsetOutOfRange
    if (policy === 'fail') throw offsetOutOfRange(place, { earliest, latest })
    const next = policy === 'earliest' ? earliest : latest
    logger.error('records were lost before they were read; going on elsewhere', {
      ...place,
      earliest,
      latest,
      next,
    })
    this.#onReset()
    state.jumpTo(next)
    return undefined
  }

  /** The error to try again after, unless it is certain that the offset does not exist. */
  #unlessOutside(
    state: FetchState,
    first: OffsetAnswer,
    last: OffsetAnswer,
  ): FlinktsError | undefined {
    const failed = [first, last].find(({ errorCode }) => errorCode !== 0)
    const inside = state.fetchOffset >= first.offset && state.fetchOffset <= last.offset
    if (failed === undefined && !inside) return undefined
    // In range it is for a replica that lags, or one that does not know the epoch any more.
    state.lastFetchedEpoch = -1
    const code = kafkaError(failed?.errorCode ?? kafkaErrors.OFFSET_NOT_AVAILABLE)
    const operation = { what: 'asking for offsets', resource: resourceOf(state) }
    const error = brokerError(code, operation)
    if (isRetriable(code)) return error
    throw error
  }

  async #ask(
    { topic, partition }: TopicPartition,
    at: 'earliest' | 'latest',
  ): Promise<OffsetAnswer> {
    const { offsets } = this.#context.cluster
    const options = { timeoutMs: offsetsTimeoutMs }
    const [answer] = await offsets.list([{ topic, partition, at }], 'read-uncommitted', options)
    return defined(answer, 'every query has an answer')
  }
}

const offsetsTimeoutMs = 10_000

function placeOf({ target, fetchOffset }: FetchState): {
  readonly topic: string
  readonly partition: number
  readonly offset: number
} {
  const { topic, partition } = target.split
  return { topic, partition, offset: fetchOffset }
}

function resourceOf({ target }: FetchState): string {
  return `the partition ${target.split.partition} of the topic "${target.split.topic}"`
}

/**
 * Bytes that hold no more in memory than they count: a view of a response would hold those of all
 * its other partitions too.
 */
function owned(records: Buffer): Buffer {
  if (records.length * 2 >= records.buffer.byteLength) return records
  const copy = Buffer.allocUnsafeSlow(records.length)
  records.copy(copy)
  return copy
}
