/** What the jobs must give, by plain loops over the same events. */
import type { Event } from '../../golden/event.ts'
import type { Bid } from './bid.ts'
import { BidGenerator } from './bid-generator.ts'
import type { Digest } from './digest-sink.ts'
import type { Load, LoadName } from './load.ts'
import { countDigest, inEuros, isDear } from './load-jobs.ts'
import { uniformKey, uniformTime } from './uniform-bid.ts'
import {
  byRank,
  outOfOrdernessMs,
  rankMax,
  type WindowCount,
  windowDigest,
  windowSizeMs,
  windowSlideMs,
} from './windows.ts'

/** What the digest of a run must be. */
export interface Expected {
  readonly recordsMin: number
  readonly recordsMax: number
  /** Undefined: late records make the sum depend on when watermarks came. */
  readonly sum: number | undefined
}

/** The events that each subtask of the source has made. */
export type EventCounts = readonly number[]

export function expectedOf(load: Load, events: EventCounts): Expected {
  if (load.job === 'hot' && !load.repeatable) return hotBounds(events)
  const { records, sum } = digests[load.job](events, load.keyCount)
  return { recordsMin: records, recordsMax: records, sum }
}

export function fulfils({ records, sum }: Digest, expected: Expected): boolean {
  if (records < expected.recordsMin || records > expected.recordsMax) return false
  return expected.sum === undefined || expected.sum === sum
}

const digests: Readonly<Record<LoadName, (events: EventCounts, keyCount: number) => Digest>> = {
  map: mapDigest,
  tumble: tumbleDigest,
  hot: hotDigest,
  keys: keysDigest,
}

function mapDigest(events: EventCounts): Digest {
  let records = 0
  let sum = 0
  for (const bid of bidsOf(events)) {
    const converted = inEuros(bid)
    if (!isDear(converted)) continue
    records += 1
    sum = (sum + converted.price) | 0
  }
  return { records, sum }
}

/** In every subtask, time goes by the index. */
function tumbleDigest(events: EventCounts, keyCount: number): Digest {
  let records = 0
  let sum = 0
  const next = events.map(() => 0)
  for (let end = firstEnd(uniformTime(0)); remaining(next, events) > 0; end += windowSizeMs) {
    const counts = new Int32Array(keyCount)
    for (const [subtask, count] of events.entries()) {
      let own = next[subtask] as number
      for (; own < count && uniformTime(own) < end; own += 1) {
        const key = uniformKey(own * events.length + subtask, keyCount)
        counts[key] = (counts[key] as number) + 1
      }
      next[subtask] = own
    }
    for (const [key, count] of counts.entries()) {
      if (count === 0) continue
      records += 1
      sum = (sum + windowDigest({ key, end, count })) | 0
    }
  }
  return { records, sum }
}

function firstEnd(timestamp: number): number {
  return timestamp - (timestamp % windowSizeMs) + windowSizeMs
}

function remaining(next: readonly number[], events: EventCounts): number {
  return events.reduce((sum, count, subtask) => sum + count - (next[subtask] as number), 0)
}

function hotDigest(events: EventCounts): Digest {
  const rows = hottestOf(bidsOf(events))
  const sum = rows.reduce((total, row) => (total + windowDigest(row)) | 0, 0)
  return { records: rows.length, sum }
}

function keysDigest(events: EventCounts, keyCount: number): Digest {
  const counts = new Int32Array(keyCount)
  let sum = 0
  for (const [subtask, count] of events.entries()) {
    for (let own = 0; own < count; own += 1) {
      const bidder = uniformKey(own * events.length + subtask, keyCount)
      const next = (counts[bidder] as number) + 1
      counts[bidder] = next
      sum = (sum + countDigest({ bidder, count: next })) | 0
    }
  }
  return { records: events.reduce((one, other) => one + other, 0), sum }
}

/** Only before that much of event time may windows have too few auctions for all ranks. */
const fewBidsMs = 60_000

/** Late bids lose places, but take none away: every window gives its rows. */
function hotBounds(events: EventCounts): Expected {
  let oldest = Infinity
  let newest = -Infinity
  for (const { ts } of bidsOf(events)) {
    oldest = Math.min(oldest, ts)
    newest = Math.max(newest, ts)
  }
  const rowsOf = (ms: number): number => rankMax * (Math.ceil(ms / windowSlideMs) + 1)
  const recordsMax = rowsOf(newest - oldest + windowSizeMs)
  return { recordsMin: recordsMax - rowsOf(fewBidsMs), recordsMax, sum: undefined }
}

/** The rows of all windows; event time advances with every event, behind it. */
export function hottestOf(events: Iterable<Event | Bid>): readonly WindowCount[] {
  const rows: WindowCount[] = []
  /** By the end of the window, and then by auction. */
  const windows = new Map<number, Map<number, number>>()
  let newest = -Infinity
  let watermark = -Infinity
  const fire = (): void => {
    for (const [end, counts] of windows) {
      if (end - 1 > watermark) continue
      windows.delete(end)
      const counted = [...counts].map(([key, count]) => ({ key, end, count }))
      rows.push(...counted.toSorted(byRank).slice(0, rankMax))
    }
  }
  for (const event of events) {
    if ('auction' in event) addTo(windows, event, watermark)
    if (event.ts <= newest) continue
    newest = event.ts
    const before = watermark
    watermark = newest - outOfOrdernessMs - 1
    if (Math.floor(before / windowSlideMs) !== Math.floor(watermark / windowSlideMs)) fire()
    if ((watermark + 1) % windowSlideMs === 0) fire()
  }
  watermark = Infinity
  fire()
  return rows
}

function addTo(
  windows: Map<number, Map<number, number>>,
  { ts, auction }: { readonly ts: number; readonly auction: number },
  watermark: number,
): void {
  const last = ts - (ts % windowSlideMs)
  for (let start = last; start > ts - windowSizeMs; start -= windowSlideMs) {
    const end = start + windowSizeMs
    if (end - 1 <= watermark) continue
    const counts = windows.get(end) ?? new Map<number, number>()
    windows.set(end, counts)
    counts.set(auction, (counts.get(auction) ?? 0) + 1)
  }
}

function* bidsOf(events: EventCounts): Iterable<Bid> {
  for (const [subtask, eventsMax] of events.entries()) {
    const generator = new BidGenerator(
      { subtask, subtaskCount: events.length, eventsMax },
      undefined,
    )
    for (let bid = generator.next(); bid !== undefined; bid = generator.next()) yield bid
  }
}
