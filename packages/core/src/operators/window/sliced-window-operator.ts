import type { FlowControl } from '../../network/flow-control.ts'
import type { Output } from '../../network/output.ts'
import type { CombinedBatch } from '../../network/record-combiner.ts'
import type { CheckpointBarrier } from '../../network/stream-element.ts'
import type { Key } from '../../state/key.ts'
import { noWatermark } from '../../time/watermark.ts'
import { emitAll, type EmittingOperator } from '../emission.ts'
import { KeyGroupWatermark } from '../key-group-watermark.ts'
import type { KeyedOperatorState } from '../keyed-operator-state.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { Operator, OperatorSnapshot } from '../operator.ts'
import { advanceTime } from '../time-advance.ts'
import { userFunctionFailed } from '../user-function.ts'
import { FiringContext, FiringEnvironment } from './firing-context.ts'
import { LateRecords } from './late-records.ts'
import { type LiveSlice, LiveSlices } from './live-slices.ts'
import { MergedContents } from './merged-contents.ts'
import type { SlicedWindowDefinition } from './window-definition.ts'
import { WindowKeys } from './window-keys.ts'
import { checkTimestamp, maxTimestampOf, type Window } from './window.ts'

/**
 * Aligned windows that fire when they end, without a timer, and without an object for each window
 * of a key: records are added to slices, which windows share (Flink: SlicingWindowOperator).
 * Windows fire by their ends, and then by hash and key. Runs on the task's thread.
 *
 * @internal
 */
export class SlicedWindowOperator implements Operator, EmittingOperator {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  readonly combined: Output = {
    collect: (batch, timestamp) => this.#addCombined(batch as CombinedBatch, timestamp),
    emitWatermark: (watermark) => this.emitWatermark(watermark),
    emitIdle: (idle) => this.emitIdle(idle),
  }
  readonly #definition: SlicedWindowDefinition
  readonly #keyed: KeyedOperatorState
  readonly #environment: FiringEnvironment
  readonly #time: KeyGroupWatermark
  readonly #late: LateRecords
  readonly #slices: LiveSlices
  /** Where the last records went. */
  readonly #ranges: LiveRange[] = []
  /** Windows that end before this one have fired; its keys are those that have not. */
  #firing: Window = { start: noWatermark, end: noWatermark }
  /** Since a watermark was emitted. */
  #firingCount = 0
  readonly #keys: WindowKeys
  readonly #merged: MergedContents

  constructor(definition: SlicedWindowDefinition, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#definition = definition
    this.#keyed = context.createKeyedState()
    const { backend } = this.#keyed
    this.#time = new KeyGroupWatermark(backend)
    this.#environment = new FiringEnvironment(definition.function, context, {
      backend,
      time: this.#time,
    })
    this.#late = new LateRecords(definition, context)
    this.#slices = new LiveSlices(backend.namespaced('~window-slices'), definition.slices)
    this.#merged = new MergedContents(definition.contents)
    this.#keys = new WindowKeys(this.#merged)
  }

  async open(): Promise<void> {
    await this.#keyed.restore()
    this.#slices.restored()
    this.#time.restore()
  }

  collect(value: unknown, timestamp: number): void {
    const range = this.#add(value, timestamp)
    if (range.slices.length === 0) this.#late.take(value, timestamp, this.#time.ofKey)
    else if (range.canFireAgain) this.#fireAgain(range)
  }

  emitWatermark(watermark: number): void {
    this.#firing = { start: noWatermark, end: this.#time.current + 1 }
    const until = this.#time.advanceTo(watermark) ? watermark : noWatermark
    this.#ranges.length = 0
    this.#keys.reset()
    const done = (): void => {
      this.#slices.removeUntil(this.#overUntil(this.#time.current))
      this.#forward(watermark)
    }
    advanceTime(this.flow, { next: () => this.#fireNext(until), done })
  }

  emitIdle(idle: boolean): void {
    this.output.emitIdle(idle)
  }

  endInput(): boolean {
    return true
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    this.#time.store()
    return this.#keyed.snapshot(barrier)
  }

  abortSnapshot(checkpointId: number): void {
    this.#keyed.abortSnapshot(checkpointId)
  }

  captureContext(): () => void {
    const { backend } = this.#keyed
    const { currentIdentity, currentHash } = backend
    return () => backend.setCurrentIdentity(currentIdentity, currentHash)
  }

  /** @returns where the record went. */
  #add(value: unknown, timestamp: number): LiveRange {
    const { contents, selectKey } = this.#definition
    const { backend } = this.#keyed
    try {
      backend.setKeyOfRecord(selectKey(value) as Key)
      const range = this.#rangeOf(timestamp)
      const { currentHash, currentGroup } = backend
      for (const { tables } of range.slices) {
        const table = tables.findOrCreate(currentGroup)
        const slot = table.find(currentHash, backend.currentIdentity)
        const added = contents.add(slot < 0 ? undefined : table.touch(slot), value, timestamp)
        if (slot < 0) table.insert(currentHash, backend.currentIdentity, added)
        else table.replace(slot, added)
      }
      return range
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
  }

  /** Adds what a `SliceCombiner` sent. */
  #addCombined({ keys, contents, counts }: CombinedBatch, timestamp: number): void {
    const { backend } = this.#keyed
    for (let at = 0; at < keys.length; at += 1) {
      backend.setKeyOfRecord(keys[at] as Key)
      const [slice] = this.#rangeOf(timestamp).slices
      if (slice === undefined) this.#late.drop(counts[at] as number)
      else this.#mergeInto(slice, contents[at])
    }
  }

  /** Adds contents to those of the current key. */
  #mergeInto({ tables }: LiveSlice, added: unknown): void {
    const { currentGroup, currentHash, currentIdentity } = this.#keyed.backend
    const table = tables.findOrCreate(currentGroup)
    const slot = table.find(currentHash, currentIdentity)
    if (slot < 0) {
      table.insert(currentHash, currentIdentity, added)
      return
    }
    try {
      table.replace(slot, this.#definition.contents.merge(table.touch(slot), added))
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, added, cause)
    }
  }

  #rangeOf(timestamp: number): LiveRange {
    if (this.#time.isUneven) return this.#locate(timestamp)
    const ranges = this.#ranges
    for (let at = 0; at < ranges.length; at += 1) {
      const range = ranges[at] as LiveRange
      if (timestamp >= range.from && timestamp < range.to) return range
    }
    const range = this.#locate(timestamp)
    if (ranges.length === rangesMax) ranges.length = 0
    ranges.push(range)
    return range
  }

  /** The slices around a record of the current key that a window still needs. */
  #locate(timestamp: number): LiveRange {
    const { assigner, latenessMs } = this.#definition
    checkTimestamp(timestamp, assigner.name)
    const { from, to, slices } = this.#definition.slices.assign(timestamp)
    const watermark = this.#time.ofKey
    const kept = slices.filter(({ lastEnd }) => lastEnd > this.#overUntil(watermark))
    return {
      from,
      to,
      slices: kept.map((slice) => this.#slices.findOrCreate(slice)),
      canFireAgain: latenessMs > 0 && kept.some(({ firstEnd }) => firstEnd - 1 <= watermark),
    }
  }

  /** Windows that end by this are over: they take no records any more. */
  #overUntil(watermark: number): number {
    const end = watermark + 1 - this.#definition.latenessMs
    return Number.isNaN(end) ? noWatermark : end
  }

  #forward(watermark: number): void {
    this.#firingCount = 0
    this.output.emitWatermark(watermark)
  }

  /**
   * Fires the next key of the next window that ends by `until`. When many have fired, it tells the
   * output first how far they are: whoever gathers them need not keep those of all windows.
   *
   * @returns false: there is none.
   */
  #fireNext(until: number): boolean {
    const keys = this.#keys
    const { backend } = this.#keyed
    for (;;) {
      while (keys.next()) {
        backend.setCurrentIdentity(keys.identity, keys.hash)
        // The subtask from which the key group came had fired the window.
        if (this.#time.restoredOf(backend.currentGroup) >= this.#firing.end - 1) continue
        this.#firingCount += 1
        this.#fire(this.#firing, keys.contents)
        return true
      }
      const end = this.#slices.nextEnd(this.#firing.end)
      if (end === Infinity || end - 1 > until) return false
      if (this.#firingCount >= firingsMax) {
        this.#forward(this.#firing.end - 1)
        return true
      }
      this.#firing = this.#windowEndingAt(end)
      keys.begin(this.#slices.ofWindow(end).map(({ tables }) => tables))
    }
  }

  /** Fires the windows of the current key that took a record after they had fired. */
  #fireAgain({ slices }: LiveRange): void {
    const watermark = this.#time.ofKey
    const { slideMs } = this.#definition.slices.windows
    const overUntil = this.#overUntil(watermark)
    const ends = slices
      .flatMap(({ firstEnd, lastEnd }) => endsOf(firstEnd, lastEnd, slideMs))
      .filter((end) => end - 1 <= watermark && end > overUntil)
    let at = 0
    const next = (): boolean => {
      const end = ends[at]
      if (end === undefined) return false
      at += 1
      this.#fire(this.#windowEndingAt(end), this.#contentsOf(end))
      return true
    }
    advanceTime(this.flow, { next, done: () => {} })
  }

  /** What the slices of a window hold for the current key, together. */
  #contentsOf(end: number): unknown {
    const { currentGroup, currentHash, currentIdentity } = this.#keyed.backend
    this.#merged.clear()
    for (const { tables } of this.#slices.ofWindow(end)) {
      const table = tables.find(currentGroup)
      const slot = table?.find(currentHash, currentIdentity) ?? -1
      if (slot >= 0) this.#merged.add(table?.peek(slot))
    }
    return this.#merged.value
  }

  /** Fires a window of the current key. */
  #fire(window: Window, contents: unknown): void {
    const { function: windowFunction } = this.#definition
    const context = this.#contextOf(window)
    let result: unknown
    let values: Iterable<unknown> | undefined
    try {
      result = this.#definition.contents.result(contents, window)
      values = windowFunction.process?.(context, result) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, context, cause)
    }
    const timestamp = maxTimestampOf(window)
    if (windowFunction.process === undefined) this.output.collect(result, timestamp)
    else if (values !== undefined) emitAll(this, values, context, timestamp)
  }

  #contextOf(window: Window): FiringContext {
    const key = this.#keyed.backend.currentKey as Key
    return new FiringContext(this.#environment, key, window, undefined)
  }

  #windowEndingAt(end: number): Window {
    return { start: end - this.#definition.slices.windows.sizeMs, end }
  }
}

/** The slices of the records from `from` (inclusive) to `to` (exclusive). */
interface LiveRange {
  readonly from: number
  readonly to: number
  /** None: no window takes the records. */
  readonly slices: readonly LiveSlice[]
  /** Whether a window of theirs may have fired that still takes records. */
  readonly canFireAgain: boolean
}

/** After so many, the output hears of the time that they stand for. */
const firingsMax = 1024
/** Records out of order go to and fro between a few ranges. */
const rangesMax = 8

function endsOf(firstEnd: number, lastEnd: number, slideMs: number): number[] {
  const count = (lastEnd - firstEnd) / slideMs + 1
  return Array.from({ length: count }, (_, index) => firstEnd + index * slideMs)
}
