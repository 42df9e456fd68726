import type { Serializer } from '../../common/serializer.ts'
import type { CheckpointNotice, SourceEvent } from '../../connector/source-event.ts'
import type {
  InputStatus,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
} from '../../connector/source-reader.ts'
import type { Source, SourceSplit } from '../../connector/source.ts'
import type { SplitEnumerator, SplitEnumeratorContext } from '../../connector/split-enumerator.ts'
import { jsonSerializer } from './json-serializer.ts'
import type { SimulatedLog, SimulatedRecord } from './simulated-log.ts'
import type { SimulatedProcess } from './simulated-world.ts'

/** A partition from `position` (inclusive) on. @internal */
export interface PartitionSplit extends SourceSplit {
  readonly position: number
  readonly finished: boolean
}

/** Partitions that no reader has yet. @internal */
export interface PartitionsState {
  readonly unassigned: readonly string[]
}

/** What a simulated connector works with. @internal */
export interface SimulatedIo {
  readonly process: SimulatedProcess
  /** A number below `limit`, from the seed. */
  below(limit: number): number
}

/**
 * A replayable source over a simulated log, which does its I/O in steps. Splits are handed out on
 * request.
 *
 * @internal
 */
export class SimulatedSource
  implements Source<SimulatedRecord, PartitionSplit, PartitionsState, true>
{
  readonly description = 'simulated log'
  readonly mechanism = 'positions in checkpoints'
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable = true
  readonly splitSerializer: Serializer<PartitionSplit> = jsonSerializer()
  readonly enumeratorStateSerializer: Serializer<PartitionsState> = jsonSerializer()
  readonly #log: SimulatedLog
  readonly #io: SimulatedIo

  constructor(log: SimulatedLog, io: SimulatedIo, bounded: boolean) {
    this.#log = log
    this.#io = io
    this.boundedness = bounded ? 'bounded' : 'continuous-unbounded'
  }

  createEnumerator(
    context: SplitEnumeratorContext<PartitionSplit>,
    restored: PartitionsState | undefined,
  ): SplitEnumerator<PartitionSplit, PartitionsState> {
    const unassigned = restored?.unassigned ?? this.#log.partitions.map(({ name }) => name)
    return new PartitionEnumerator(context, this.#io, [...unassigned])
  }

  createReader(context: SourceReaderContext): SourceReader<SimulatedRecord, PartitionSplit> {
    return new PartitionReader(context, this.#log, this.#io, this.boundedness === 'bounded')
  }
}

class PartitionEnumerator implements SplitEnumerator<PartitionSplit, PartitionsState> {
  readonly #context: SplitEnumeratorContext<PartitionSplit>
  readonly #io: SimulatedIo
  readonly #unassigned: string[]

  constructor(
    context: SplitEnumeratorContext<PartitionSplit>,
    io: SimulatedIo,
    unassigned: string[],
  ) {
    this.#context = context
    this.#io = io
    this.#unassigned = unassigned
  }

  start(): Promise<void> {
    return this.#io.process.io()
  }

  addReader(): void {}

  handleSplitRequest(subtask: number): void {
    const name = this.#unassigned.shift()
    if (name === undefined) {
      this.#context.signalNoMoreSplits(subtask)
      return
    }
    this.#context.assignSplit({ splitId: name, position: 0, finished: false }, subtask)
    this.#context.sendSourceEvent(subtask, { type: 'left' })
  }

  snapshotState(): PartitionsState {
    return { unassigned: [...this.#unassigned] }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

interface ReaderSplit {
  readonly splitId: string
  /** Of the next record to emit. */
  position: number
  finished: boolean
  buffer: readonly SimulatedRecord[]
}

class PartitionReader implements SourceReader<SimulatedRecord, PartitionSplit> {
  readonly #context: SourceReaderContext
  readonly #log: SimulatedLog
  readonly #io: SimulatedIo
  readonly #bounded: boolean
  readonly #splits: ReaderSplit[] = []
  readonly #snapshots = new Map<number, readonly PartitionSplit[]>()
  #noMoreSplits = false
  #fetching = false
  #wake: () => void = () => {}
  #failure: unknown

  constructor(context: SourceReaderContext, log: SimulatedLog, io: SimulatedIo, bounded: boolean) {
    this.#context = context
    this.#log = log
    this.#io = io
    this.#bounded = bounded
  }

  start(): void {
    this.#context.requestSplit()
  }

  pollNext(output: SourceOutput<SimulatedRecord>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure
    for (const split of this.#splits) {
      if (split.buffer.length === 0) continue
      this.#emit(split, output)
      return 'more-available'
    }
    const unfinished = this.#splits.filter((split) => !split.finished)
    if (unfinished.length === 0 && this.#noMoreSplits && this.#bounded) return 'end-of-input'
    const next = unfinished[this.#io.below(Math.max(1, unfinished.length))]
    if (next !== undefined) this.#fetch(next)
    return 'nothing-available'
  }

  available(): Promise<void> {
    if (this.#splits.some((split) => split.buffer.length > 0)) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  addSplits(splits: readonly PartitionSplit[]): void {
    for (const split of splits) this.#splits.push({ ...split, buffer: [] })
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#wake()
  }

  handleSourceEvent(_event: SourceEvent): void {
    this.#context.requestSplit()
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
    const splits = this.#snapshots.get(oldestRetainedId) ?? []
    for (const { splitId, position } of splits) this.#log.acknowledge(splitId, position)
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
      if (!splitOutput.collect(record, record.index)) return
    }
  }

  #fetch(split: ReaderSplit): void {
    if (this.#fetching) return
    this.#fetching = true
    this.#io.process.io().then(
      () => this.#fetched(split),
      (cause: unknown) => {
        this.#failure = cause
      },
    )
  }

  #fetched(split: ReaderSplit): void {
    this.#fetching = false
    try {
      split.buffer = this.#log.read(split.splitId, split.position, 1 + this.#io.below(4))
      split.finished = split.buffer.length === 0
    } catch (cause) {
      this.#failure = cause
    }
    this.#wake()
  }
}
