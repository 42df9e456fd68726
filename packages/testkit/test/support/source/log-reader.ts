import { FlinktsError } from '@flinkts/core/connector'
import type {
  Cancellable,
  CheckpointNotice,
  InputStatus,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from '@flinkts/core/connector'
import type { LogLine, LogRecord, LogUpstream } from './log-upstream.ts'

/** The records of one split of the kit. */
export interface LogSplit extends SourceSplit {
  /** Everything up to this place of the log was emitted, or is not of the split. */
  readonly place: number
  /** Where the input ends, inclusive; undefined: never. */
  readonly end: number | undefined
}

/** How far a split is. */
export interface Progress<Split extends LogSplit = LogSplit> {
  readonly split: Split
  place: number
  /** Read ahead, up to `fetched`. */
  fetched: number
  buffer: LogLine[]
}

const fetchMs = 2
const fetchedMax = 8

/** The smallest reader that keeps every promise, in parts, so that a test can break one of them. */
export class LogReader<Split extends LogSplit = LogSplit>
  implements SourceReader<LogRecord, Split>
{
  protected readonly upstream: LogUpstream
  protected readonly context: SourceReaderContext
  protected readonly splits: Map<string, Progress<Split>> = new Map()
  /** The places of splits at each checkpoint that may still be acknowledged. */
  protected readonly checkpoints: Map<number, ReadonlyMap<string, number>> = new Map()
  protected timer: Cancellable | undefined
  #wake = Promise.withResolvers<void>()
  #awake = false
  #kicks: number
  #failure: { readonly cause: unknown } | undefined
  #noMoreSplits = false

  constructor(upstream: LogUpstream, context: SourceReaderContext) {
    this.upstream = upstream
    this.context = context
    this.#kicks = upstream.kicks
  }

  start(): void {
    this.fetchLater()
  }

  pollNext(output: SourceOutput<LogRecord>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure.cause
    this.renew()
    for (const progress of [...this.splits.values()]) {
      if (!this.emit(progress, output)) return 'more-available'
      if (!this.done(progress)) continue
      this.splits.delete(progress.split.splitId)
      output.releaseSplit(progress.split.splitId)
    }
    return this.#noMoreSplits && this.splits.size === 0 ? 'end-of-input' : 'nothing-available'
  }

  available(): Promise<void> {
    return this.#wake.promise
  }

  addSplits(splits: readonly Split[]): void {
    for (const split of splits) {
      const place = this.placeOf(split)
      this.splits.set(split.splitId, { split, place, fetched: place, buffer: [] })
    }
    this.wakeUp()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.wakeUp()
  }

  snapshotState(checkpointId: number): readonly Split[] {
    const all = [...this.splits.values()]
    this.checkpoints.set(
      checkpointId,
      new Map(all.map(({ split, place }) => [split.splitId, place])),
    )
    return all.map((progress) => this.splitAt(progress))
  }

  notifyCheckpointComplete({ oldestRetainedId }: CheckpointNotice): void {
    const places = this.checkpoints.get(oldestRetainedId) ?? new Map<string, number>()
    for (const [split, place] of places) this.acknowledge(split, place)
  }

  close(): Promise<void> {
    this.timer?.cancel()
    return Promise.resolve()
  }

  /** Late news take nothing back. */
  acknowledge(split: string, place: number): void {
    if (place > this.upstream.acknowledgedBy(split)) this.upstream.acknowledge(split, place)
  }

  /** The split as of the last record emitted. */
  splitAt({ split, place }: Progress<Split>): Split {
    return { ...split, place }
  }

  /** Where a split that comes goes on. */
  placeOf({ place }: Split): number {
    return place
  }

  /** @returns whether more may be emitted in this poll. */
  emit(progress: Progress<Split>, output: SourceOutput<LogRecord>): boolean {
    for (;;) {
      const line = progress.buffer.shift()
      if (line === undefined) break
      this.advance(progress, line.place)
      if (line.record === undefined) continue
      if (!output.forSplit(progress.split.splitId).collect(line.record)) return false
    }
    this.advance(progress, progress.fetched)
    return true
  }

  advance(progress: Progress<Split>, place: number): void {
    progress.place = place
  }

  done({ split, place }: Progress<Split>): boolean {
    return split.end !== undefined && place >= split.end
  }

  /** The lines of a split among some of the log. */
  linesOf({ split }: Progress<Split>, lines: readonly LogLine[]): LogLine[] {
    return lines.filter(({ record }) => split.splitId === String(record?.split))
  }

  wantsMore({ buffer }: Progress<Split>): boolean {
    return buffer.length === 0
  }

  fetch(progress: Progress<Split>): void {
    const { split, fetched } = progress
    this.checkGap(progress)
    const lines = this.upstream.after(fetched, fetchedMax)
    const wanted = lines.filter(({ place }) => split.end === undefined || place <= split.end)
    const last = wanted.at(-1)
    if (last === undefined) {
      if (split.end !== undefined) this.wakeUp()
      return
    }
    progress.buffer.push(...this.linesOf(progress, wanted))
    progress.fetched = last.place
    this.wakeUp()
  }

  checkGap({ fetched }: Progress<Split>): void {
    if (fetched >= this.upstream.pruned) return
    const message = `the log was pruned up to ${this.upstream.pruned}, and read up to ${fetched}`
    throw new FlinktsError('FLINKTS_FILE_CHANGED', message)
  }

  /** What was read ahead was lost with the connection. */
  reconnect(progress: Progress<Split>): void {
    progress.buffer = []
    progress.fetched = progress.place
  }

  wakeUp(): void {
    this.#awake = true
    this.#wake.resolve()
  }

  /** A promise that has not resolved is not given away: somebody may wait for it. */
  renew(): void {
    if (!this.#awake) return
    this.replaceWake()
  }

  replaceWake(): void {
    this.#awake = false
    this.#wake = Promise.withResolvers()
  }

  fetchLater(): void {
    this.timer = this.context.scheduler.after(fetchMs, () => {
      try {
        this.#fetchAll()
        this.fetchLater()
      } catch (cause) {
        this.#failure = { cause }
        this.wakeUp()
      }
    })
  }

  #fetchAll(): void {
    const { kicks } = this.upstream
    const lost = kicks !== this.#kicks
    this.#kicks = kicks
    for (const progress of this.splits.values()) {
      if (lost) this.reconnect(progress)
      if (this.wantsMore(progress)) this.fetch(progress)
    }
  }
}
