import type { Cancellable } from '../../common/scheduler.ts'
import type { Serializer } from '../../common/serializer.ts'
import type { SourceReader, SourceReaderContext } from '../../connector/source-reader.ts'
import type { Source } from '../../connector/source.ts'
import type { SourceSplit } from '../../connector/source-split.ts'
import type { SplitEnumerator, SplitEnumeratorContext } from '../../connector/split-enumerator.ts'
import { jsonSerializer } from './json-serializer.ts'
import { PartitionReader } from './partition-reader.ts'
import type { SimulatedLog, SimulatedRecord } from './simulated-log.ts'
import type { SimulatedProcess } from './simulated-world.ts'

/** A partition from `position` (inclusive) on. @internal */
export interface PartitionSplit extends SourceSplit {
  readonly position: number
  readonly finished: boolean
}

/** What the enumerator remembers. @internal */
export interface PartitionsState {
  readonly known: readonly string[]
  /** Those of `known` that no reader has yet. */
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
 * request; partitions that come into being are found.
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

  constructor(log: SimulatedLog, io: SimulatedIo) {
    this.#log = log
    this.#io = io
    this.boundedness = log.bounded ? 'bounded' : 'continuous-unbounded'
  }

  createEnumerator(
    context: SplitEnumeratorContext<PartitionSplit>,
    restored: PartitionsState = { known: [], unassigned: [] },
  ): SplitEnumerator<PartitionSplit, PartitionsState> {
    return new PartitionEnumerator(context, this.#log, this.#io, restored)
  }

  createReader(context: SourceReaderContext): SourceReader<SimulatedRecord, PartitionSplit> {
    return new PartitionReader(context, this.#log, this.#io)
  }
}

const discoveryMs = 30

class PartitionEnumerator implements SplitEnumerator<PartitionSplit, PartitionsState> {
  readonly #context: SplitEnumeratorContext<PartitionSplit>
  readonly #log: SimulatedLog
  readonly #io: SimulatedIo
  readonly #known: Set<string>
  readonly #unassigned: string[]
  /** Readers that want a split, and got none yet. */
  readonly #waiting: Set<number> = new Set()
  #timer: Cancellable | undefined
  #closed = false

  constructor(
    context: SplitEnumeratorContext<PartitionSplit>,
    log: SimulatedLog,
    io: SimulatedIo,
    { known, unassigned }: PartitionsState,
  ) {
    this.#context = context
    this.#log = log
    this.#io = io
    this.#known = new Set(known)
    this.#unassigned = [...unassigned]
  }

  async start(): Promise<void> {
    await this.#io.process.io()
    if (!this.#closed) this.#discover()
  }

  addReader(): void {}

  handleSplitRequest(subtask: number): void {
    this.#waiting.add(subtask)
    this.#assign()
  }

  snapshotState(): PartitionsState {
    return { known: [...this.#known], unassigned: [...this.#unassigned] }
  }

  close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    return Promise.resolve()
  }

  get #knowsAll(): boolean {
    return this.#known.size === this.#log.partitions.length
  }

  #discover(): void {
    for (const name of this.#log.discover()) {
      if (this.#known.has(name)) continue
      this.#known.add(name)
      this.#unassigned.push(name)
    }
    this.#assign()
    if (this.#knowsAll) return
    this.#timer = this.#context.scheduler.after(discoveryMs, () => this.#discover())
  }

  #assign(): void {
    for (const subtask of this.#waiting) {
      const name = this.#unassigned.shift()
      if (name === undefined) break
      this.#waiting.delete(subtask)
      this.#context.assignSplit({ splitId: name, position: 0, finished: false }, subtask)
      this.#context.sendSourceEvent(subtask, { type: 'left' })
    }
    if (!this.#knowsAll) return
    for (const subtask of this.#waiting) this.#context.signalNoMoreSplits(subtask)
    this.#waiting.clear()
  }
}
