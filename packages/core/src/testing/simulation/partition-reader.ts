import { toFlinktsError, type FlinktsError } from '../../common/errors.ts'
import type { CheckpointNotice, SourceEvent } from '../../connector/source-event.ts'
import type {
  InputStatus,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
} from '../../connector/source-reader.ts'
import type { SimulatedLog, SimulatedRecord } from './simulated-log.ts'
import type { PartitionSplit, SimulatedIo } from './simulated-source.ts'

interface ReaderSplit {
  readonly splitId: string
  /** Of the next record to emit. */
  position: number
  finished: boolean
  /** The engine knows that it is finished. */
  told: boolean
  buffer: readonly SimulatedRecord[]
}

/**
 * Reads partitions of a simulated log. It emits watermarks from when it has all its splits, so that
 * no record of the job is ever late.
 *
 * @internal
 */
export class PartitionReader implements SourceReader<SimulatedRecord, PartitionSplit> {
  readonly #context: SourceReaderContext
  readonly #log: SimulatedLog
  readonly #io: SimulatedIo
  readonly #splits: ReaderSplit[] = []
  /** The splits that are not read for now. */
  readonly #paused = new Set<string>()
  readonly #snapshots = new Map<number, readonly PartitionSplit[]>()
  #noMoreSplits = false
  #fetching = false
  #wake: () => void = () => {}
  #failure: FlinktsError | undefined

  constructor(context: SourceReaderContext, log: SimulatedLog, io: SimulatedIo) {
    this.#context = context
    this.#log = log
    this.#io = io
  }

  start(): void {
    this.#context.requestSplit()
  }

  pollNext(output: SourceOutput<SimulatedRecord>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure
    this.#tellFinished(output)
    const read = this.#splits.filter(({ splitId }) => !this.#paused.has(splitId))
    for (const split of read) {
      if (split.buffer.length === 0) continue
      this.#emit(split, output)
      return 'more-available'
    }
    const unfinished = this.#splits.filter((split) => !split.finished)
    if (unfinished.length === 0 && this.#noMoreSplits && this.#log.bounded) return 'end-of-input'
    const fetchable = read.filter((split) => !split.finished)
    const next = fetchable[this.#io.below(Math.max(1, fetchable.length))]
    if (next !== undefined) this.#fetch(next)
    return 'nothing-available'
  }

  available(): Promise<void> {
    const ready = this.#splits.some(({ splitId, buffer }) => {
      return buffer.length > 0 && !this.#paused.has(splitId)
    })
    if (ready) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  addSplits(splits: readonly PartitionSplit[]): void {
    for (const split of splits) this.#splits.push({ ...split, told: false, buffer: [] })
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#wake()
  }

  handleSourceEvent(_event: SourceEvent): void {
    this.#context.requestSplit()
  }

  pauseOrResumeSplits(pause: readonly string[], resume: readonly string[]): void {
    for (const splitId of pause) this.#paused.add(splitId)
    for (const splitId of resume) this.#paused.delete(splitId)
    this.#wake()
  }

  snapshotState(checkpointId: number): readonly PartitionSplit[] {
    const splits = this.#splits.map(({ splitId, position, finished }) => ({
      splitId,
      position,
      finished,
    }))
    this.#snapshots.set(checkpointId, splits)
    return splits
  }

  /** Acknowledges exactly what the oldest retained checkpoint holds. */
  notifyCheckpointComplete({ oldestRetainedId }: CheckpointNotice): void {
    const { jobId, attempt } = this.#context
    for (const { splitId, position } of this.#snapshots.get(oldestRetainedId) ?? []) {
      this.#log.acknowledge({ jobId, attempt, partition: splitId, position })
    }
    for (const checkpointId of this.#snapshots.keys()) {
      if (checkpointId < oldestRetainedId) this.#snapshots.delete(checkpointId)
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #emit(split: ReaderSplit, output: SourceOutput<SimulatedRecord>): void {
    const splitOutput = output.forSplit(split.splitId)
    for (const record of split.buffer) {
      split.position += 1
      split.buffer = split.buffer.slice(1)
      const more = splitOutput.collect(record, record.index)
      if (this.#noMoreSplits) splitOutput.emitWatermark(record.index)
      // Now and then it does not listen.
      if (!more && this.#io.below(8) > 0) return
    }
  }

  #tellFinished(output: SourceOutput<SimulatedRecord>): void {
    if (!this.#noMoreSplits) return
    for (const split of this.#splits) {
      if (!split.finished || split.told) continue
      split.told = true
      if (this.#log.bounded) output.releaseSplit(split.splitId)
      else output.forSplit(split.splitId).markIdle()
    }
  }

  #fetch(split: ReaderSplit): void {
    if (this.#fetching) return
    this.#fetching = true
    this.#io.process.io().then(
      () => this.#fetched(split),
      (cause: unknown) => this.#fail(cause),
    )
  }

  #fetched(split: ReaderSplit): void {
    this.#fetching = false
    const { jobId, attempt } = this.#context
    const { splitId: partition, position } = split
    try {
      const at = { jobId, attempt, partition, position }
      const read = this.#log.read(at, 1 + this.#io.below(4))
      split.buffer = read.records
      split.finished = read.finished
    } catch (cause) {
      this.#fail(cause)
    }
    this.#wake()
  }

  #fail(cause: unknown): void {
    this.#failure = toFlinktsError(cause, 'FLINKTS_TASK_FAILED', 'the log cannot be read')
    this.#wake()
  }
}
