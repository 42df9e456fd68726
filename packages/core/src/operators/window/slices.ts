import { windowStart } from './window.ts'
import type { AlignedWindows } from './window-assigner.ts'

/**
 * What a record is added to once, and windows are made of: whole slices each. The windows of a
 * slice end from `firstEnd` to `lastEnd` (both inclusive), one every slide.
 *
 * @internal
 */
export interface Slice {
  /** The first millisecond of it; no two slices of an operator have the same. */
  readonly start: number
  readonly firstEnd: number
  readonly lastEnd: number
}

/** The slices of all records from `from` (inclusive) to `to` (exclusive). @internal */
export interface SliceRange {
  readonly from: number
  readonly to: number
  /** The earliest first; none: the windows leave a gap here. */
  readonly slices: readonly Slice[]
}

/** Says to which slices a record belongs. @internal */
export interface SliceAssigner {
  readonly windows: AlignedWindows
  /** `timestamp` is finite. */
  assign(timestamp: number): SliceRange
  /** The slice that starts at `start`. */
  at(start: number): Slice
}

/**
 * A record is in one slice, whatever the overlap of windows: these share slices. Slices lie between
 * neighbouring edges of windows, so that there are at most two a slide, also where the size is no
 * multiple of it (Krishnamurthy, Wu, Franklin: On-the-Fly Sharing for Streamed Aggregation, 2006).
 *
 * @internal
 */
export function sharedSlices(windows: AlignedWindows): SliceAssigner {
  const { sizeMs, slideMs } = windows
  const assign = (timestamp: number): SliceRange => {
    const { base, from, to } = edgesAround(timestamp, windows)
    const firstEnd = to - base < slideMs ? to : to + (sizeMs % slideMs)
    const slice = { start: from, firstEnd, lastEnd: base + sizeMs }
    return { from, to, slices: firstEnd <= slice.lastEnd ? [slice] : [] }
  }
  const at = (start: number): Slice => assign(start).slices[0] ?? separateSlice(start, sizeMs)
  return { windows, assign, at }
}

/**
 * Every window is a slice of its own, and a record is in all of them: for contents that depend on
 * the order in which records come.
 *
 * @internal
 */
export function separateSlices(windows: AlignedWindows): SliceAssigner {
  const { sizeMs, slideMs } = windows
  const assign = (timestamp: number): SliceRange => {
    const { base, from, to } = edgesAround(timestamp, windows)
    const slices: Slice[] = []
    for (let start = base; start + sizeMs > from; start -= slideMs) {
      slices.push(separateSlice(start, sizeMs))
    }
    return { from, to, slices: slices.toReversed() }
  }
  return { windows, assign, at: (start) => separateSlice(start, sizeMs) }
}

/** Whether slices are exact: at their edges, fractions of a millisecond are rounded. @internal */
export function canSlice({ sizeMs, slideMs, offsetMs }: AlignedWindows): boolean {
  return [sizeMs, slideMs, offsetMs].every((ms) => Number.isSafeInteger(ms))
}

function separateSlice(start: number, sizeMs: number): Slice {
  return { start, firstEnd: start + sizeMs, lastEnd: start + sizeMs }
}

/** The start of the last window that starts by `timestamp`, and the edges next to it. */
function edgesAround(
  timestamp: number,
  { sizeMs, slideMs, offsetMs }: AlignedWindows,
): { readonly base: number; readonly from: number; readonly to: number } {
  const base = windowStart(Math.floor(timestamp), slideMs, offsetMs)
  const middle = base + (sizeMs % slideMs)
  if (timestamp < middle) return { base, from: base, to: middle }
  return { base, from: middle, to: base + slideMs }
}
