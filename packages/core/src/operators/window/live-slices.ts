import type { NamespacedTables, StateTables } from '../../state/state-tables.ts'
import type { Slice, SliceAssigner } from './slices.ts'

/** A slice with what it holds: contents by key. @internal */
export interface LiveSlice extends Slice {
  readonly tables: StateTables
}

/**
 * The slices that windows still need. The contents of each are a namespace of one keyed state, so
 * that a slice ends in one step, however many keys it has. Runs on the task's thread.
 *
 * @internal
 */
export class LiveSlices {
  readonly #tables: NamespacedTables
  readonly #assigner: SliceAssigner
  /** The earliest first. */
  readonly #slices: LiveSlice[] = []

  constructor(tables: NamespacedTables, assigner: SliceAssigner) {
    this.#tables = tables
    this.#assigner = assigner
  }

  /** Finds what was restored. */
  restored(): void {
    for (const start of this.#tables.namespaces()) this.findOrCreate(this.#assigner.at(start))
  }

  findOrCreate(slice: Slice): LiveSlice {
    let at = this.#slices.length
    while (at > 0 && (this.#slices[at - 1] as LiveSlice).start > slice.start) at -= 1
    const before = this.#slices[at - 1]
    if (before?.start === slice.start) return before
    const tables = this.#tables.findOrCreate(slice.start, before?.tables.entryCount)
    const live = { ...slice, tables }
    this.#slices.splice(at, 0, live)
    return live
  }

  /** The first end after `end` of a window that has records; `Infinity`: there is none. */
  nextEnd(end: number): number {
    const { slideMs } = this.#assigner.windows
    for (const { firstEnd, lastEnd } of this.#slices) {
      if (firstEnd > end) return firstEnd
      const next = firstEnd + (Math.floor((end - firstEnd) / slideMs) + 1) * slideMs
      if (next <= lastEnd) return next
    }
    return Infinity
  }

  /** The slices of the window that ends at `end`, the earliest first. */
  ofWindow(end: number): readonly LiveSlice[] {
    return this.#slices.filter(({ firstEnd, lastEnd }) => firstEnd <= end && end <= lastEnd)
  }

  /** Removes the slices whose last window ends at `end` or before. */
  removeUntil(end: number): void {
    let count = 0
    for (const { start, lastEnd } of this.#slices) {
      if (lastEnd > end) break
      this.#tables.remove(start)
      count += 1
    }
    this.#slices.splice(0, count)
  }
}
