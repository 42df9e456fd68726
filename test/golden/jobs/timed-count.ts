import {
  type KeyedProcess,
  type MapState,
  mapState,
  type OutputTag,
  outputTag,
  type StateDescriptor,
} from '@flinkts/core'
import { type Bid, eventLine } from '../event.ts'

/** How many bids an auction got in a window of event time. */
export interface WindowCount {
  readonly auction: number
  /** Inclusive, milliseconds since 1970. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly count: number
}

/** The canonical lines of bids that were too late for all of their windows. */
export const lateLines: OutputTag<string> = outputTag('late')

/**
 * Counts the bids of each auction in windows of `sizeMs`, one beginning every `slideMs`, with
 * nothing but state, timers and a side output: what the window operator does, written by hand.
 */
export function timedCount({
  sizeMs,
  slideMs,
}: {
  readonly sizeMs: number
  readonly slideMs: number
}): KeyedProcess<
  Bid,
  number,
  WindowCount,
  { readonly counts: StateDescriptor<MapState<number, number>> }
> {
  return {
    /** By the start of the window. */
    state: { counts: mapState<number, number>() },
    process(bid, { counts }, context): undefined {
      const { watermark, timers } = context
      let late = true
      const newest = bid.ts - (bid.ts % slideMs)
      for (let start = newest; start > bid.ts - sizeMs; start -= slideMs) {
        const timestampMax = start + sizeMs - 1
        if (timestampMax <= watermark) continue
        late = false
        counts.set(start, (counts.get(start) ?? 0) + 1)
        timers.registerEventTime(timestampMax)
      }
      if (late) context.output(lateLines, eventLine(bid))
    },
    *onTimer(timestamp, { counts }, { key }) {
      const end = timestamp + 1
      const start = end - sizeMs
      yield { auction: key, start, end, count: counts.get(start) ?? 0 }
      counts.delete(start)
    },
  }
}
