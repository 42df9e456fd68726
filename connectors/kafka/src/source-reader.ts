import {
  type CheckpointNotice,
  type InputStatus,
  type SourceOutput,
  type SourceReader,
  type SourceReaderContext,
  WakeSignal,
} from '@flinkts/core/connector'
import { Fetcher } from './reader/fetcher.ts'
import { OffsetCommits } from './reader/offset-commits.ts'
import { PartitionReader } from './reader/partition-reader.ts'
import { RecordFactory } from './reader/record-factory.ts'
import type { SourceContext } from './runtime/source-context.ts'
import type { KafkaSplit } from './split.ts'
import type { Deserializer, KafkaRecord } from './values/kafka-record.ts'

/** What keys and values become. @internal */
export interface Deserializers<Key, Value> {
  readonly key: Deserializer<Key>
  readonly value: Deserializer<Value>
}

/**
 * Reads partitions: fetches go on in the background, and a poll decodes what they brought.
 *
 * @internal
 */
export class KafkaReader<Key, Value> implements SourceReader<KafkaRecord<Key, Value>, KafkaSplit> {
  readonly #context: SourceContext
  readonly #fetcher: Fetcher
  readonly #commits: OffsetCommits | undefined
  readonly #factory: RecordFactory<Key, Value>
  readonly #signal = new WakeSignal()
  readonly #partitions = new Map<string, PartitionReader<Key, Value>>()
  readonly #paused = new Set<string>()
  /** The one that the output wanted no more of: it is polled last the next time. */
  #lastPolled: string | undefined
  #noMoreSplits = false
  #failure: { readonly cause: unknown } | undefined

  constructor(
    engine: SourceReaderContext,
    context: SourceContext,
    deserializers: Deserializers<Key, Value>,
  ) {
    const { metrics, logger } = engine
    const { groupId, commitOffsets, onDeserializeError } = context.options
    const bytesRead = metrics.counter('bytesRead')
    const resets = metrics.counter('offsetResets')
    const skipped = metrics.counter('recordsSkipped')
    this.#context = context
    const deadLettered = metrics.counter('recordsDeadLettered')
    const counters = { skipped, deadLettered }
    this.#factory = new RecordFactory({
      ...deserializers,
      ...counters,
      onDeserializeError,
      logger,
    })
    this.#fetcher = new Fetcher(context, {
      onRecords: () => this.#signal.notify(),
      onBytes: (count) => bytesRead.add(count),
      onReset: () => resets.add(),
      onFailure: (cause) => {
        this.#failure ??= { cause }
        this.#signal.notify()
      },
    })
    if (groupId !== undefined && commitOffsets) {
      const failed = metrics.counter('offsetCommitsFailed')
      this.#commits = new OffsetCommits(context, groupId, failed)
    }
    metrics.gauge('lagRecords', () => this.#lags().reduce((sum, lag) => sum + lag, 0))
    metrics.gauge('lagRecordsMax', () => Math.max(0, ...this.#lags()))
    metrics.gauge('bufferedBytes', () => this.bufferedBytes)
  }

  /** Of all partitions: what was fetched and not yet emitted. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const partition of this.#partitions.values()) bytes += partition.bufferedBytes
    return bytes
  }

  start(): void {
    this.#fetcher.start()
  }

  pollNext(output: SourceOutput<KafkaRecord<Key, Value>>): InputStatus {
    this.#signal.reset()
    if (this.#failure !== undefined) throw this.#failure.cause
    for (const partition of this.#inTurn()) {
      const { splitId } = partition.split
      if (!partition.ready || this.#paused.has(splitId)) continue
      const status = partition.poll(output.forSplit(splitId))
      if (status === 'more-available') {
        this.#lastPolled = splitId
        return status
      }
      if (status !== 'ended') continue
      output.releaseSplit(splitId)
      this.#end(partition)
    }
    const ended = this.#noMoreSplits && this.#partitions.size === 0
    return ended ? 'end-of-input' : 'nothing-available'
  }

  available(): Promise<void> {
    return this.#signal.wait()
  }

  addSplits(splits: readonly KafkaSplit[]): void {
    const { checksums } = this.#context.options.fetch
    for (const split of splits) {
      const onRoom = (): void => this.#fetcher.wake()
      const partition = new PartitionReader(split, { checksums, factory: this.#factory, onRoom })
      this.#partitions.set(split.splitId, partition)
      this.#fetcher.add(partition)
    }
    this.#signal.notify()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#signal.notify()
  }

  pauseOrResumeSplits(pause: readonly string[], resume: readonly string[]): void {
    for (const splitId of pause) {
      this.#paused.add(splitId)
      this.#fetcher.setPaused(splitId, true)
    }
    for (const splitId of resume) {
      this.#paused.delete(splitId)
      this.#fetcher.setPaused(splitId, false)
    }
    this.#signal.notify()
  }

  snapshotState(checkpointId: number): readonly KafkaSplit[] {
    const splits = [...this.#partitions.values()].map((partition) => partition.snapshot())
    this.#commits?.snapshot(checkpointId, splits)
    return splits
  }

  notifyCheckpointComplete(notice: CheckpointNotice): void {
    this.#commits?.complete(notice)
  }

  close(): Promise<void> {
    return this.#fetcher.close()
  }

  /** Each partition once, beginning behind the one that was polled last. */
  #inTurn(): readonly PartitionReader<Key, Value>[] {
    const all = [...this.#partitions.values()]
    const last = all.findIndex(({ split }) => split.splitId === this.#lastPolled)
    return last < 0 ? all : [...all.slice(last + 1), ...all.slice(0, last + 1)]
  }

  #end(partition: PartitionReader<Key, Value>): void {
    const { splitId } = partition.split
    this.#commits?.end(partition.snapshot())
    this.#partitions.delete(splitId)
    this.#paused.delete(splitId)
    this.#fetcher.remove(splitId)
  }

  #lags(): readonly number[] {
    return [...this.#partitions.values()].map(({ split, nextOffset }) =>
      Math.max(0, this.#fetcher.endOffset(split.splitId) - nextOffset),
    )
  }
}
