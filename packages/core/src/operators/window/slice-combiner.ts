import { defined } from '../../common/assert.ts'
import type {
  CombinedOutput,
  CombinedRecords,
  RecordCombiner,
} from '../../network/record-combiner.ts'
import { type Key, keyHash, keyIdentity } from '../../state/key.ts'
import { noWatermark } from '../../time/watermark.ts'
import { userFunctionFailed } from '../user-function.ts'
import { HeldContents } from './held-contents.ts'
import type { Slice } from './slices.ts'
import type { SlicedWindowDefinition } from './window-definition.ts'
import { checkTimestamp } from './window.ts'

/** The operator whose records are combined. @internal */
export interface SliceCombinerOptions {
  readonly operatorId: string
  readonly definition: SlicedWindowDefinition
  /** Keys held back at once; more are sent. */
  readonly keysMax?: number
}

/**
 * Combines the records of a key in a slice before they are sent: the local half of what Flink's
 * planner calls two-phase aggregation. A slice is held back until its first window ends. What comes
 * later than that is sent at once: where it goes, the windows may not have fired yet.
 *
 * Where keys hardly come again, that costs more than it spares: then it only puts records into
 * batches for a while. Runs on the sender's thread.
 *
 * @internal
 */
export class SliceCombiner implements RecordCombiner {
  readonly #operatorId: string
  readonly #definition: SlicedWindowDefinition
  readonly #keysMax: number
  readonly #output: CombinedOutput
  #watermark = noWatermark
  /** The earliest first. */
  readonly #slices: HeldSlice[] = []
  /** That of the record before. */
  #last: HeldSlice | undefined
  #keyCount = 0
  /** Those of the slice that was sent last: the next one will have about as many. */
  #keysExpected = 0
  /** Empty, for slices to come. */
  readonly #spares: HeldContents[] = []
  /** Keys that the spares have room for. */
  #spareCapacity = 0
  /** Of slices that were sent, since it was last asked whether this pays. */
  #recordsIn = 0
  #recordsOut = 0
  /** So many records more are not combined. */
  #uncombined = 0

  constructor(options: SliceCombinerOptions, output: CombinedOutput) {
    const { operatorId, definition, keysMax = keysMaxUsual } = options
    this.#operatorId = operatorId
    this.#definition = definition
    this.#keysMax = keysMax
    this.#output = output
  }

  add(value: unknown, timestamp: number): void {
    const { selectKey, contents } = this.#definition
    let slice: HeldSlice
    let alone: CombinedRecords | undefined
    try {
      const key = selectKey(value) as Key
      slice = this.#sliceOf(timestamp)
      if (this.#combines(slice)) this.#hold(slice, key, value, timestamp)
      else alone = { key, contents: contents.add(undefined, value, timestamp), count: 1 }
    } catch (cause) {
      throw userFunctionFailed(this.#operatorId, value, cause)
    }
    if (alone !== undefined) this.#sendAlone(alone, slice)
    else if (this.#keyCount >= this.#keysMax) this.flush()
  }

  advanceTo(watermark: number): void {
    this.#watermark = watermark
    this.#sendUntil(watermark)
  }

  flush(): void {
    this.#sendUntil(Infinity)
  }

  /** Whether a record of the slice is held back. */
  #combines(slice: HeldSlice): boolean {
    return this.#uncombined === 0 && !this.#isDue(slice)
  }

  /** Whether a window of the slice has ended. */
  #isDue({ firstEnd }: HeldSlice): boolean {
    return firstEnd - 1 <= this.#watermark
  }

  #hold(slice: HeldSlice, key: Key, value: unknown, timestamp: number): void {
    const held = (slice.held ??= this.#takeSpare())
    const hash = keyHash(key, this.#operatorId)
    this.#keyCount -= held.size
    held.add(hash, keyIdentity(key, this.#operatorId), value, timestamp)
    this.#keyCount += held.size
  }

  #sendAlone(records: CombinedRecords, slice: HeldSlice): void {
    if (this.#uncombined > 0) this.#uncombined -= 1
    this.#output.send(records, slice.start)
    if (this.#isDue(slice)) this.#output.release()
  }

  #sliceOf(timestamp: number): HeldSlice {
    const last = this.#last
    if (last !== undefined && timestamp >= last.from && timestamp < last.to) return last
    checkTimestamp(timestamp, this.#definition.assigner.name)
    this.#last = this.#find(timestamp) ?? this.#create(timestamp)
    return this.#last
  }

  /** Begins with the latest: records hardly ever are far out of order. */
  #find(timestamp: number): HeldSlice | undefined {
    for (let at = this.#slices.length - 1; at >= 0; at -= 1) {
      const slice = this.#slices[at] as HeldSlice
      if (timestamp >= slice.from) return timestamp < slice.to ? slice : undefined
    }
    return undefined
  }

  #create(timestamp: number): HeldSlice {
    const { from, to, slices } = this.#definition.slices.assign(timestamp)
    const slice = defined(slices[0], 'windows whose records are combined leave no gap')
    const created = { ...slice, from, to, held: undefined }
    const next = this.#slices.findIndex(({ start }) => start > slice.start)
    this.#slices.splice(next < 0 ? this.#slices.length : next, 0, created)
    return created
  }

  /** Sends what is held of the slices whose first window ends by `watermark`. */
  #sendUntil(watermark: number): void {
    for (;;) {
      const [slice] = this.#slices
      if (slice === undefined || slice.firstEnd - 1 > watermark) return
      this.#slices.shift()
      this.#last = undefined
      if (slice.held !== undefined) this.#sendHeld(slice.held, slice.start)
    }
  }

  #sendHeld(held: HeldContents, timestamp: number): void {
    this.#keyCount -= held.size
    this.#keysExpected = held.size
    for (let slot = 0; slot < held.size; slot += 1) this.#output.send(held.take(slot), timestamp)
    this.#recordsIn += held.recordCount
    this.#recordsOut += held.size
    if (this.#recordsOut >= sampleKeys) this.#judge()
    this.#spare(held)
  }

  #takeSpare(): HeldContents {
    const spare = this.#spares.pop()
    if (spare === undefined) return new HeldContents(this.#definition.contents, this.#keysExpected)
    this.#spareCapacity -= spare.capacity
    return spare
  }

  /** Keeps it for another slice, unless that is much too large for what slices hold by now. */
  #spare(held: HeldContents): void {
    const capacity = this.#spareCapacity + held.capacity
    if (capacity > this.#keysMax || held.size < held.capacity / spareRoomMax) return
    held.clear()
    this.#spareCapacity = capacity
    this.#spares.push(held)
  }

  #judge(): void {
    if (this.#recordsIn < gainMin * this.#recordsOut) this.#uncombined = uncombinedRecords
    this.#recordsIn = 0
    this.#recordsOut = 0
  }
}

interface HeldSlice extends Slice {
  /** Its records are those from `from` (inclusive) to `to` (exclusive). */
  readonly from: number
  readonly to: number
  /** `undefined`: nothing yet. */
  held: HeldContents | undefined
}

/** What is held back is sent at a barrier in one go, which should take few milliseconds. */
const keysMaxUsual = 131_072
/** The room of a spare, in what was needed last. */
const spareRoomMax = 8
/** Sent, before it is asked whether combining pays. */
const sampleKeys = 8192
/** Records for one that is sent, below which it does not. */
const gainMin = 1.5
const uncombinedRecords = 262_144
