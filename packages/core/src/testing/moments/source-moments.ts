import type { Scheduler } from '../../common/scheduler.ts'
import type { CheckpointNotice, SourceEvent } from '../../connector/source-event.ts'
import type {
  InputStatus,
  SourceOutput,
  SourceReader,
  SplitOutput,
} from '../../connector/source-reader.ts'
import type { SourceSplit } from '../../connector/source-split.ts'
import type { Source } from '../../connector/source.ts'

/**
 * A moment of the contract of a source: `S1` a reader has started, `S2` a record is emitted, `S4`
 * between two polls, `S5` the state is taken, `S6` a reader is to hear of a checkpoint, `S7` what
 * it did then is on its way, `S8` it has heard of it.
 *
 * @public
 */
export type SourceMoment = 'S1' | 'S2' | 'S4' | 'S5' | 'S6' | 'S7' | 'S8'

/** What a test does at the moments of a source. @public */
export interface SourceHooks<Out> {
  /** Called in the middle of what the source does. May end the process: nothing runs after. */
  reach(moment: SourceMoment): void
  /** Called for every record, when it is emitted, before `S2`. */
  onRecord?(value: Out): void
  /**
   * What a reader emits between two checkpoints, so that there are many whatever the speed of the
   * machine; a record that comes with others may make it more. Default: no limit.
   */
  readonly recordsPerCheckpoint?: number
}

/** The same source, which tells where it is, and waits for checkpoints. @public */
export function sourceWithMoments<Out>(source: Source<Out>, hooks: SourceHooks<Out>): Source<Out> {
  return {
    description: source.description,
    boundedness: source.boundedness,
    replayable: source.replayable,
    mechanism: source.mechanism,
    splitSerializer: source.splitSerializer,
    enumeratorStateSerializer: source.enumeratorStateSerializer,
    ...(source.preflight === undefined
      ? {}
      : { preflight: async (context) => (await source.preflight?.(context)) ?? [] }),
    createEnumerator: (context, restored) => source.createEnumerator(context, restored),
    createReader(context) {
      const reader = source.createReader(context)
      const watched = new WatchedReader(reader, hooks, context.scheduler)
      if (reader.pauseOrResumeSplits === undefined) return watched
      return Object.assign(watched, {
        pauseOrResumeSplits: (pause: readonly string[], resume: readonly string[]) =>
          reader.pauseOrResumeSplits?.(pause, resume),
      })
    },
  }
}

/** A reader that emits so many records, and then nothing until its state is taken. */
class WatchedReader<Out> implements SourceReader<Out, SourceSplit> {
  readonly #reader: SourceReader<Out, SourceSplit>
  readonly #hooks: SourceHooks<Out>
  readonly #scheduler: Scheduler
  readonly #budget: number
  #left: number
  #nextCheckpoint = Promise.withResolvers<void>()

  constructor(
    reader: SourceReader<Out, SourceSplit>,
    hooks: SourceHooks<Out>,
    scheduler: Scheduler,
  ) {
    this.#reader = reader
    this.#hooks = hooks
    this.#scheduler = scheduler
    this.#budget = hooks.recordsPerCheckpoint ?? Number.POSITIVE_INFINITY
    this.#left = this.#budget
  }

  start(): void {
    this.#reader.start()
    this.#hooks.reach('S1')
  }

  pollNext(output: SourceOutput<Out>): InputStatus {
    if (this.#left <= 0) return 'nothing-available'
    return this.#reader.pollNext({
      forSplit: (splitId) => this.#output(output.forSplit(splitId)),
      releaseSplit: (splitId) => output.releaseSplit(splitId),
    })
  }

  /** Between two polls: what the reader has read by then is not emitted. */
  async available(): Promise<void> {
    await (this.#left <= 0 ? this.#nextCheckpoint.promise : this.#reader.available())
    this.#hooks.reach('S4')
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.#reader.addSplits(splits)
  }

  notifyNoMoreSplits(): void {
    this.#reader.notifyNoMoreSplits()
  }

  handleSourceEvent(event: SourceEvent): void {
    this.#reader.handleSourceEvent?.(event)
  }

  snapshotState(checkpointId: number): readonly SourceSplit[] {
    const splits = this.#reader.snapshotState(checkpointId)
    this.#hooks.reach('S5')
    this.#left = this.#budget
    this.#nextCheckpoint.resolve()
    this.#nextCheckpoint = Promise.withResolvers()
    return splits
  }

  notifyCheckpointComplete(notice: CheckpointNotice): void {
    this.#hooks.reach('S6')
    this.#reader.notifyCheckpointComplete?.(notice)
    this.#hooks.reach('S8')
    // By then what an acknowledgement sends is on its way.
    this.#scheduler.soon(() => this.#hooks.reach('S7'))
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  #output(output: SplitOutput<Out>): SplitOutput<Out> {
    return {
      collect: (value, timestamp) => {
        const more = output.collect(value, timestamp)
        this.#hooks.onRecord?.(value)
        return this.#emitted(more)
      },
      collectSide: (tag, value, timestamp) =>
        this.#emitted(output.collectSide(tag, value, timestamp)),
      emitWatermark: (timestamp) => output.emitWatermark(timestamp),
      markIdle: () => output.markIdle(),
    }
  }

  #emitted(more: boolean): boolean {
    this.#left -= 1
    this.#hooks.reach('S2')
    return more && this.#left > 0
  }
}
