import { defined } from '../common/assert.ts'
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
import type { StateItem } from '../state/operator-state.ts'
import { CombinedWatermark } from '../time/combined-watermark.ts'
import { endOfTime, noWatermark } from '../time/watermark.ts'
import type { OperatorSnapshot } from './operator.ts'

/** @internal */
export interface SourceOperatorParts {
  readonly source: Source<unknown>
  readonly context: SourceReaderContext
  readonly restored: readonly StateItem[]
  readonly output: Output
  readonly flow: FlowControl
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
  readonly #watermark = new CombinedWatermark()
  readonly #recordsRead: Counter
  #reader: SourceReader<unknown, SourceSplit> | undefined
  #emittedWatermark = noWatermark
  #emittedIdle = false
  /** Records that the current poll may still emit. */
  #budget = 0

  constructor(operatorId: string, parts: SourceOperatorParts) {
    this.operatorId = operatorId
    this.#parts = parts
    this.#recordsRead = parts.context.metrics.counter('recordsRead')
  }

  open(): void {
    const { source, context, restored } = this.#parts
    this.#reader = source.createReader(context)
    if (restored.length > 0) this.addSplits(restored)
    this.#reader.start()
  }

  /** Lets the reader emit up to `recordsMax` records. */
  poll(recordsMax: number): { readonly status: InputStatus; readonly records: number } {
    this.#emitProgress()
    this.#budget = recordsMax
    const status = this.#openReader.pollNext(this)
    const records = recordsMax - this.#budget
    this.#recordsRead.add(records)
    return { status, records }
  }

  /** Resolves when `poll` is worth a call. */
  available(): Promise<void> {
    return this.#openReader.available()
  }

  /** From now on the splits hold back the watermark, also before their first record. */
  addSplits(items: readonly StateItem[]): void {
    const serializer = this.#parts.source.splitSerializer
    const splits = items.map((item) => serializer.deserialize(item.version, item.bytes))
    for (const { splitId } of splits) this.forSplit(splitId)
    this.#openReader.addSplits(splits)
  }

  notifyNoMoreSplits(): void {
    this.#openReader.notifyNoMoreSplits()
  }

  handleSourceEvent(event: SourceEvent): void {
    this.#openReader.handleSourceEvent?.(event)
  }

  /** The input ended: so has event time, and nobody listens to an idle channel. */
  endInput(): void {
    this.#emitIdle(false)
    this.#emitWatermark(endOfTime)
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    const serializer = this.#parts.source.splitSerializer
    const splits = this.#openReader.snapshotState(barrier.checkpointId).map((split) => ({
      version: serializer.version,
      bytes: serializer.serialize(split),
    }))
    const state = Promise.resolve({
      operatorId: this.operatorId,
      subtask: this.#parts.context.subtask,
      splits,
      writerStates: [],
      committables: [],
      keyed: undefined,
    })
    return { state, failure: 'fail-task' }
  }

  checkpointCompleted(notice: CheckpointNotice): Promise<void> {
    this.#openReader.notifyCheckpointComplete?.(notice)
    return Promise.resolve()
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  forSplit(splitId: string): SplitOutput<unknown> {
    const existing = this.#outputs.get(splitId)
    if (existing !== undefined) return existing
    const output = this.#createOutput(splitId)
    this.#outputs.set(splitId, output)
    this.#watermark.add(splitId)
    return output
  }

  releaseSplit(splitId: string): void {
    this.#outputs.delete(splitId)
    this.#watermark.remove(splitId)
    this.#emitProgress()
  }

  #createOutput(splitId: string): SplitOutput<unknown> {
    const { output, flow } = this.#parts
    return {
      collect: (value, timestamp = noTimestamp) => {
        this.#budget -= 1
        // A reader that goes on all the same: whoever is pending gets no second record.
        if (flow.halted) flow.suspend({ resume: () => output.collect(value, timestamp) })
        else output.collect(value, timestamp)
        return this.#budget > 0 && !flow.halted
      },
      emitWatermark: (timestamp) => {
        this.#watermark.advance(splitId, timestamp)
        this.#emitProgress()
      },
      markIdle: () => {
        this.#watermark.setIdle(splitId, true)
        this.#emitProgress()
      },
    }
  }

  /**
   * Late is always right for a watermark: it never overtakes a record that is still in the chain.
   * It is emitted while the output is active, since the watermarks of idle channels are ignored.
   */
  #emitProgress(): void {
    if (this.#parts.flow.unfinished) return
    const { idle, watermark } = this.#watermark
    if (!idle) this.#emitIdle(false)
    this.#emitWatermark(watermark)
    this.#emitIdle(idle)
  }

  #emitIdle(idle: boolean): void {
    if (idle === this.#emittedIdle) return
    this.#emittedIdle = idle
    this.#parts.output.emitIdle(idle)
  }

  #emitWatermark(timestamp: number): void {
    if (timestamp <= this.#emittedWatermark) return
    this.#emittedWatermark = timestamp
    this.#parts.output.emitWatermark(timestamp)
  }

  get #openReader(): SourceReader<unknown, SourceSplit> {
    return defined(this.#reader, 'the source is open')
  }
}
