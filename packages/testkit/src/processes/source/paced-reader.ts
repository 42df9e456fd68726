import type {
  CheckpointNotice,
  InputStatus,
  Source,
  SourceEvent,
  SourceOutput,
  SourceReader,
  SourceSplit,
  SplitOutput,
} from '@flinkts/core/connector'
import { scheduler } from '../../engine/kit-runtime.ts'
import type { Emitted } from '../../engine/source/source-checkpoint.ts'
import type { KitRecord } from '../../records/kit-record.ts'

/** What a process wants to know of its source. @internal */
export interface SourceHooks {
  readonly toRecord: (emitted: unknown) => KitRecord | undefined
  /** Called at the moments of the contract by their names. */
  readonly reach: (point: string) => void
  readonly onRecord: (record: KitRecord) => void
  /** Called when a reader has heard of a completed checkpoint. */
  readonly onCheckpoint: (checkpointId: number) => void
}

/** Records of a reader between two checkpoints. */
const recordsPerCheckpoint = 5

/**
 * A source that emits no more than a few records for each checkpoint, so that there are many
 * checkpoints whatever the speed of the machine, and that tells where it is.
 *
 * @internal
 */
export function pacedReaders(
  source: Source<unknown>,
  hooks: SourceHooks,
): Source<Emitted, SourceSplit, unknown, true> {
  return {
    description: source.description,
    boundedness: source.boundedness,
    // Processes are for the restarts of sources that are.
    replayable: true,
    mechanism: source.mechanism,
    splitSerializer: source.splitSerializer,
    enumeratorStateSerializer: source.enumeratorStateSerializer,
    createEnumerator: (context, restored) => source.createEnumerator(context, restored),
    createReader: (context) => new PacedReader(source.createReader(context), hooks),
  }
}

class PacedReader implements SourceReader<Emitted, SourceSplit> {
  readonly #reader: SourceReader<unknown, SourceSplit>
  readonly #hooks: SourceHooks
  #left = recordsPerCheckpoint
  #nextCheckpoint = Promise.withResolvers<void>()

  constructor(reader: SourceReader<unknown, SourceSplit>, hooks: SourceHooks) {
    this.#reader = reader
    this.#hooks = hooks
  }

  start(): void {
    this.#reader.start()
    this.#hooks.reach('S1')
  }

  pollNext(output: SourceOutput<Emitted>): InputStatus {
    if (this.#left <= 0) return 'nothing-available'
    return this.#reader.pollNext({
      forSplit: (splitId) => this.#output(splitId, output.forSplit(splitId)),
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
    this.#left = recordsPerCheckpoint
    this.#nextCheckpoint.resolve()
    this.#nextCheckpoint = Promise.withResolvers()
    return splits
  }

  notifyCheckpointComplete(notice: CheckpointNotice): void {
    this.#hooks.reach('S6')
    this.#reader.notifyCheckpointComplete?.(notice)
    this.#hooks.reach('S8')
    // By then what an acknowledgement sends is on its way.
    scheduler.soon(() => this.#hooks.reach('S7'))
    this.#hooks.onCheckpoint(notice.checkpointId)
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  #output(splitId: string, output: SplitOutput<Emitted>): SplitOutput<unknown> {
    return {
      collect: (value, timestamp) => {
        const record = this.#hooks.toRecord(value)
        if (record === undefined) return true
        this.#left -= 1
        const more = output.collect({ splitId, record }, timestamp)
        this.#hooks.onRecord(record)
        return more && this.#left > 0
      },
      emitWatermark: (timestamp) => output.emitWatermark(timestamp),
      markIdle: () => output.markIdle(),
    }
  }
}
