import { defined } from '@flinkts/core/connector'
import type { InputStatus, Logger, Source, SourceReader } from '@flinkts/core/connector'
import type { FileEnumeratorState, FileSplit } from '../src/index.ts'
import { ManualTime, subtaskContext } from './fixtures.ts'

/** What a checkpoint holds of a source, in its serial form. */
export interface SourceCheckpoint {
  readonly enumerator: Uint8Array
  readonly splits: readonly Uint8Array[]
}

/** A small engine: an enumerator and its readers in one thread. */
export class SourceRun<Out> {
  readonly time: ManualTime = new ManualTime()
  /** What was emitted, with the split. */
  readonly emitted: { readonly splitId: string; readonly value: Out }[] = []
  readonly released: string[] = []
  readonly #source: Source<Out, FileSplit, FileEnumeratorState, true>
  readonly #parallelism: number
  readonly #readers: SourceReader<Out, FileSplit>[] = []
  readonly #ended = new Set<number>()
  readonly #enumerator: ReturnType<Source<Out, FileSplit, FileEnumeratorState>['createEnumerator']>
  #failure: { readonly cause: unknown } | undefined

  constructor(
    source: Source<Out, FileSplit, FileEnumeratorState, true>,
    options: {
      readonly parallelism?: number
      readonly restored?: SourceCheckpoint
      readonly logger?: Logger
    } = {},
  ) {
    const { parallelism = 1, restored } = options
    const base = subtaskContext({ clock: this.time, scheduler: this.time, parallelism })
    const context = { ...base, logger: options.logger ?? base.logger }
    this.#source = source
    this.#parallelism = parallelism
    this.#enumerator = source.createEnumerator(
      {
        ...context,
        assignSplit: (split, subtask) => this.#reader(subtask).addSplits([split]),
        signalNoMoreSplits: (subtask) => this.#reader(subtask).notifyNoMoreSplits(),
        sendSourceEvent: () => {},
        fail: (cause) => {
          this.#failure = { cause }
        },
      },
      restored && source.enumeratorStateSerializer.deserialize(1, restored.enumerator),
    )
    for (let subtask = 0; subtask < parallelism; subtask += 1) {
      const requestSplit = (): void => this.#enumerator.handleSplitRequest(subtask)
      const reader = source.createReader({
        ...context,
        subtask,
        requestSplit,
        sendSourceEvent: () => {},
      })
      const mine = (restored?.splits ?? []).filter((_, index) => index % parallelism === subtask)
      reader.addSplits(mine.map((bytes) => source.splitSerializer.deserialize(1, bytes)))
      this.#readers.push(reader)
    }
  }

  async start(): Promise<void> {
    await this.#enumerator.start()
    for (let subtask = 0; subtask < this.#parallelism; subtask += 1) {
      this.#enumerator.addReader(subtask, [])
      this.#reader(subtask).start()
    }
  }

  /** Polls in turn until `recordCount` records were emitted in all, or all input has ended. */
  async runUntil(recordCount: number): Promise<void> {
    while (this.emitted.length < recordCount && this.#ended.size < this.#parallelism) {
      let more = false
      for (let subtask = 0; subtask < this.#parallelism; subtask += 1) {
        if (!this.#ended.has(subtask) && this.#poll(subtask) === 'more-available') more = true
      }
      if (!more) await this.#anyAvailable()
    }
  }

  async runToEnd(): Promise<void> {
    await this.runUntil(Number.POSITIVE_INFINITY)
  }

  get ended(): boolean {
    return this.#ended.size === this.#parallelism
  }

  checkpoint(): SourceCheckpoint {
    const { enumeratorStateSerializer, splitSerializer } = this.#source
    const splits = this.#readers.flatMap((reader) => reader.snapshotState(1))
    return {
      enumerator: enumeratorStateSerializer.serialize(this.#enumerator.snapshotState(1)),
      splits: splits.map((split) => splitSerializer.serialize(split)),
    }
  }

  /** Lets background work go on until `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure.cause
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.close()
    await this.#enumerator.close()
  }

  #poll(subtask: number): InputStatus {
    const status = this.#reader(subtask).pollNext({
      forSplit: (splitId) => ({
        collect: (value) => {
          this.emitted.push({ splitId, value })
          // One record a poll: a checkpoint may come after each.
          return false
        },
        collectSide: ({ id }) => {
          throw new Error(`nothing is expected in the side output "${id}"`)
        },
        emitWatermark: () => {},
        markIdle: () => {},
      }),
      releaseSplit: (splitId) => {
        this.released.push(splitId)
      },
    })
    if (status === 'end-of-input') this.#ended.add(subtask)
    return status
  }

  async #anyAvailable(): Promise<void> {
    const running = this.#readers.filter((_, subtask) => !this.#ended.has(subtask))
    if (running.length > 0) await Promise.race(running.map(async (reader) => reader.available()))
  }

  #reader(subtask: number): SourceReader<Out, FileSplit> {
    return defined(this.#readers[subtask], 'the reader exists')
  }
}
