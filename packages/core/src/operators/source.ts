import { defined } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import type { Counter } from '../common/metrics.ts'
import type { CheckpointNotice, SourceEvent } from '../connector/source-event.ts'
import type {
  InputStatus,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitOutput,
} from '../connector/source-reader.ts'
import type { Source } from '../connector/source.ts'
import type { SourceSplit } from '../connector/source-split.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { noTimestamp, type CheckpointBarrier } from '../network/stream-element.ts'
import { splitsList, type StateItem } from '../state/operator-state.ts'
import type { OperatorSnapshot } from './operator.ts'
import type { RecordTime } from './record-time.ts'
import { SourceTime, type SourceTimeSettings, type SplitTime } from './source-time.ts'

/** @internal */
export interface SourceOperatorParts {
  readonly source: Source<unknown>
  readonly context: SourceReaderContext
  readonly restored: readonly StateItem[]
  readonly output: Output
  /** See `OperatorContext.sideOutput`. */
  readonly sideOutput: (tag: string) => Output
  readonly flow: FlowControl
  readonly time: SourceTimeSettings
  /** See `OperatorContext.runOnTask`. */
  readonly runOnTask: (action: () => void) => void
  /** Tells the alignment group where this subtask is. */
  readonly reportWatermark: (watermark: number) => void
}

/**
 * The head of a source task: drives the reader, one `poll` after the other. Positions live in the
 * reader's splits, which are the whole of its state (FLIP-27).
 *
 * @internal
 */
export class SourceOperator implements SourceOutput<unknown> {
  readonly operatorId: string
  readonly #parts: SourceOperatorParts
  readonly #outputs = new Map<string, SplitOutput<unknown>>()
  readonly #time: SourceTime
  readonly #recordsRead: Counter
  #reader: SourceReader<unknown, SourceSplit> | undefined
  /** Set while the only split of a reader that cannot pause it is paused: it is not polled. */
  #paused: PromiseWithResolvers<void> | undefined
  /** Records that the current poll may still emit. */
  #budget = 0

  constructor(operatorId: string, parts: SourceOperatorParts) {
    this.operatorId = operatorId
    this.#parts = parts
    const { time, source, ...shared } = parts
    this.#time = new SourceTime({
      ...shared,
      settings: time,
      boundedness: source.boundedness,
      pauseOrResume: (pause, resume) => this.#pauseOrResume(pause, resume),
    })
    this.#recordsRead = parts.context.metrics.counter('recordsRead')
  }

  open(): void {
    const { source, context, restored } = this.#parts
    this.#reader = source.createReader(context)
    if (restored.length > 0) this.addSplits(restored)
    this.#reader.start()
    this.#time.open()
  }

  /** Lets the reader emit up to `recordsMax` records. */
  poll(recordsMax: number): { readonly status: InputStatus; readonly records: number } {
    if (this.#paused !== undefined) return { status: 'nothing-available', records: 0 }
    this.#time.beforePoll()
    this.#budget = recordsMax
    const status = this.#openReader().pollNext(this)
    const records = recordsMax - this.#budget
    this.#time.afterPoll(records)
    this.#recordsRead.add(records)
    return { status, records }
  }

  /** Resolves when `poll` is worth a call. */
  available(): Promise<void> {
    return this.#paused?.promise ?? this.#openReader().available()
  }

  /** Splits beyond this watermark pause: see `WatermarkStrategy.withAlignment`. */
  limitWatermark(limit: number): void {
    this.#time.limitWatermark(limit)
  }

  /** From now on the splits hold back the watermark, also before their first record. */
  addSplits(items: readonly StateItem[]): void {
    const serializer = this.#parts.source.splitSerializer
    const splits = items.map((item) => serializer.deserialize(item.version, item.bytes))
    for (const { splitId } of splits) this.forSplit(splitId)
    this.#checkAlignment()
    this.#openReader().addSplits(splits)
  }

  #checkAlignment(): void {
    const { operatorId } = this
    const { alignment } = this.#parts.time.watermarks ?? {}
    if (alignment === undefined || this.#outputs.size < 2) return
    if (this.#openReader().pauseOrResumeSplits !== undefined) return
    throw new FlinktsError(
      'FLINKTS_ALIGNMENT_UNSUPPORTED',
      `source "${operatorId}" cannot pause single splits, and a subtask of it has several`,
      { hint: 'Use a parallelism of at least the number of splits, or no withAlignment.' },
    )
  }

  notifyNoMoreSplits(): void {
    this.#time.noMoreSplits()
    this.#openReader().notifyNoMoreSplits()
  }

  handleSourceEvent(event: SourceEvent): void {
    this.#openReader().handleSourceEvent?.(event)
  }

  /** The input ended: so has event time. */
  endInput(): void {
    this.#time.endInput()
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    if (barrier.kind === 'stop') this.#time.end()
    const serializer = this.#parts.source.splitSerializer
    const items = this.#openReader()
      .snapshotState(barrier.checkpointId)
      .map((split) => ({
        version: serializer.version,
        bytes: serializer.serialize(split),
      }))
    const state = Promise.resolve({
      operatorId: this.operatorId,
      subtask: this.#parts.context.subtask,
      lists: [{ name: splitsList, distribution: 'split' as const, items }],
      committables: [],
      keyed: undefined,
    })
    return { state, failure: 'fail-task' }
  }

  checkpointCompleted(notice: CheckpointNotice): Promise<void> {
    this.#openReader().notifyCheckpointComplete?.(notice)
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#time.end()
    await this.#reader?.close()
  }

  forSplit(splitId: string): SplitOutput<unknown> {
    const existing = this.#outputs.get(splitId)
    if (existing !== undefined) return existing
    const split = this.#time.addSplit(splitId)
    const output =
      split.records === undefined
        ? this.#plainOutput(split)
        : this.#timedOutput(split, split.records)
    this.#outputs.set(splitId, output)
    return output
  }

  releaseSplit(splitId: string): void {
    this.#outputs.delete(splitId)
    this.#time.releaseSplit(splitId)
  }

  #pauseOrResume(pause: readonly string[], resume: readonly string[]): void {
    const reader = this.#openReader()
    if (reader.pauseOrResumeSplits !== undefined) {
      reader.pauseOrResumeSplits(pause, resume)
      return
    }
    this.#paused?.resolve()
    this.#paused = pause.length > 0 ? Promise.withResolvers() : undefined
  }

  /** Timestamps and watermarks are the source's own. */
  #plainOutput(split: SplitTime): SplitOutput<unknown> {
    return {
      collect: (value, timestamp = noTimestamp) => this.#emit(value, timestamp),
      collectSide: (tag, value, timestamp = noTimestamp) =>
        this.#emit(value, timestamp, this.#parts.sideOutput(tag.id)),
      emitWatermark: (timestamp) => split.advance(timestamp),
      markIdle: () => split.markIdle(),
    }
  }

  /** Timestamps and watermarks are those of a strategy, whatever the source says. */
  #timedOutput(split: SplitTime, records: RecordTime): SplitOutput<unknown> {
    return {
      collect: (value, timestamp = noTimestamp) => {
        split.wake()
        const assigned = records.timestampOf(value, timestamp, this.#time.ingestedAt)
        const more = this.#emit(value, assigned)
        records.onEvent(value, assigned)
        return more
      },
      collectSide: (tag, value, timestamp = noTimestamp) => {
        split.wake()
        return this.#emit(value, timestamp, this.#parts.sideOutput(tag.id))
      },
      emitWatermark: () => {},
      markIdle: () => split.markIdle(),
    }
  }

  /** Returns whether the reader may go on. */
  #emit(value: unknown, timestamp: number, output = this.#parts.output): boolean {
    const { flow } = this.#parts
    this.#budget -= 1
    // A reader that goes on all the same: whoever is pending gets no second record.
    if (flow.halted) flow.suspend({ resume: () => output.collect(value, timestamp) })
    else output.collect(value, timestamp)
    return this.#budget > 0 && !flow.halted
  }

  #openReader(): SourceReader<unknown, SourceSplit> {
    return defined(this.#reader, 'the source is open')
  }
}
