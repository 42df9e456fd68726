import type {
  InputStatus,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
} from '@flinkts/core/connector'
import type { ResolvedFileSourceOptions } from './options.ts'
import { FileSplitReader } from './split-reader.ts'
import type { FileSplit } from './split.ts'

/**
 * Reads its splits one after the other. Asks for the next split when it begins one, so that its
 * first bytes are there when the one before ends.
 *
 * @internal
 */
export class FileReader<Out> implements SourceReader<Out, FileSplit> {
  readonly #options: ResolvedFileSourceOptions<Out>
  readonly #context: SourceReaderContext
  /** The first one is being read, the second one reads ahead. */
  #splits: FileSplitReader<Out>[] = []
  /** Not yet opened. */
  #queue: FileSplit[] = []
  #started = false
  #requested = false
  #noMoreSplits = false
  #waiter: PromiseWithResolvers<void> | undefined
  /** Something happened since `pollNext` found nothing. */
  #ready = true

  constructor(options: ResolvedFileSourceOptions<Out>, context: SourceReaderContext) {
    this.#options = options
    this.#context = context
  }

  start(): void {
    this.#started = true
    this.#openSplits()
  }

  pollNext(output: SourceOutput<Out>): InputStatus {
    this.#ready = false
    for (;;) {
      const [current] = this.#splits
      if (current === undefined) {
        return this.#noMoreSplits ? 'end-of-input' : 'nothing-available'
      }
      const splitOutput = output.forSplit(current.splitId)
      for (let record = current.next(); record !== undefined; record = current.next()) {
        if (!splitOutput.collect(record.value)) return 'more-available'
      }
      if (!current.finished) return 'nothing-available'
      output.releaseSplit(current.splitId)
      this.#splits.shift()
      this.#openSplits()
    }
  }

  async available(): Promise<void> {
    if (this.#ready) return
    this.#waiter ??= Promise.withResolvers()
    await this.#waiter.promise
  }

  addSplits(splits: readonly FileSplit[]): void {
    this.#queue.push(...splits)
    this.#requested = false
    this.#openSplits()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#wake()
  }

  snapshotState(): readonly FileSplit[] {
    return [...this.#splits.map((reader) => reader.split), ...this.#queue]
  }

  async close(): Promise<void> {
    this.#splits = []
    this.#queue = []
  }

  #openSplits(): void {
    if (!this.#started) return
    while (this.#splits.length < SPLITS_OPEN_MAX) {
      const split = this.#queue.shift()
      if (split === undefined) break
      this.#splits.push(new FileSplitReader(this.#options, split, () => this.#wake()))
      this.#wake()
    }
    if (this.#splits.length < SPLITS_OPEN_MAX && !this.#requested && !this.#noMoreSplits) {
      this.#requested = true
      this.#context.requestSplit()
    }
  }

  #wake(): void {
    this.#ready = true
    this.#waiter?.resolve()
    this.#waiter = undefined
  }
}

const SPLITS_OPEN_MAX = 2
