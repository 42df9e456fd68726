import {
  boundedOutOfOrderness,
  listState,
  type KeyedProcess,
  type ListState,
  type StateDescriptor,
  type WatermarkGenerator,
  watermarkGenerator,
  type WatermarkOutput,
  type WatermarkStrategy,
  type WindowAggregate,
  type WindowContext,
} from '@flinkts/core'

/** How many records a key had in a window. */
export interface WindowCount {
  readonly key: number
  /** Exclusive, milliseconds since 1970. */
  readonly end: number
  readonly count: number
}

export const windowSizeMs = 10_000
export const windowSlideMs = 2000
export const rankMax = 3
/** How far behind the newest record the watermark is, less a millisecond. */
export const outOfOrdernessMs = 2000

interface Timed {
  readonly ts: number
}

/** `repeatable`: as soon as event time advances, rather than every 200 ms. */
export function eventTime(repeatable: boolean): WatermarkStrategy<Timed> {
  const strategy = repeatable
    ? watermarkGenerator<Timed>(() => new EagerWatermarks())
    : boundedOutOfOrderness<Timed>(outOfOrdernessMs)
  return strategy.withTimestamps(({ ts }: Timed) => ts)
}

class EagerWatermarks implements WatermarkGenerator<Timed> {
  #newestMs = -Infinity

  onEvent(_record: Timed, timestamp: number, output: WatermarkOutput): void {
    if (timestamp <= this.#newestMs) return
    this.#newestMs = timestamp
    output.emitWatermark(timestamp - outOfOrdernessMs - 1)
  }
}

export const counting: WindowAggregate<unknown, number, number> = {
  create: () => 0,
  add: (count) => count + 1,
  result: (count) => count,
  merge: (into, other) => into + other,
}

export function windowCount(
  { key, window: { end } }: WindowContext<number>,
  count: number,
): readonly WindowCount[] {
  return [{ key, end, count }]
}

/** The rows of a window with the greatest counts, when all of them are there. */
export const hottest: KeyedProcess<
  WindowCount,
  number,
  WindowCount,
  { readonly counts: StateDescriptor<ListState<WindowCount>> }
> = {
  state: { counts: listState<WindowCount>() },
  process(count, { counts }, { timers }): undefined {
    counts.add(count)
    timers.registerEventTime(count.end)
  },
  onTimer(_timestamp, { counts }) {
    const first = firstOf(counts.get())
    counts.clear()
    return first
  },
}

/** The first `rankMax`, in order; the others need none. */
function firstOf(counts: Iterable<WindowCount>): readonly WindowCount[] {
  const first: WindowCount[] = []
  for (const count of counts) {
    const last = first[rankMax - 1]
    if (last !== undefined && byRank(last, count) < 0) continue
    const place = first.findIndex((other) => byRank(count, other) < 0)
    first.splice(place < 0 ? first.length : place, 0, count)
    if (first.length > rankMax) first.pop()
  }
  return first
}

/** Of equal counts, the smaller key comes first. */
export function byRank(one: WindowCount, other: WindowCount): number {
  return other.count - one.count || one.key - other.key
}

export function windowDigest({ key, end, count }: WindowCount): number {
  return Math.imul(Math.imul(key, 31) + Math.trunc(end / windowSlideMs), 31) + count
}
