import { purging, countTrigger } from '../../operators/window/count-triggers.ts'
import { slidingEventTimeWindows } from '../../operators/window/aligned-windows.ts'
import type { WindowAssigner } from '../../operators/window/window-assigner.ts'
import type { Window } from '../../operators/window/window.ts'
import { eventTimeTrigger } from '../../operators/window/time-triggers.ts'
import { valueState } from '../../state/state-descriptor.ts'
import type { Growth } from './growths.ts'
import type { SimulatedRecord } from './simulated-log.ts'

/** So late that no watermark but the last one comes there. */
const farAway = 1e15

/** Sliding windows by the index of a record, which stays the same whatever its timestamp is. */
function windowsOf({ index }: SimulatedRecord): readonly Window[] {
  const start = farAway + 2 * Math.floor(index / 2)
  return [start - 2, start].map((from) => ({ start: from, end: from + 4 }))
}

const byIndex: WindowAssigner<SimulatedRecord> = {
  name: 'byIndex',
  isEventTime: true,
  defaultTrigger: eventTimeTrigger(),
  assign: windowsOf,
}

/**
 * Windows that fire every two records, and forget them: each result tells how many it is of, and
 * which of its window it is.
 */
const windowed: Growth = ({ stream, expected, conditions }, index) => {
  const origin = `window${index}`
  const counts = new Map<string, number>()
  return {
    stream: stream
      .keyBy(({ key }) => key)
      .window(byIndex)
      .trigger(purging(countTrigger(2)))
      .aggregate(origin, countRecords, {
        window: {
          windowState: valueState<number>(),
          *process({ key, window, windowState }, count) {
            const fired = (windowState.get() ?? 0) + 1
            windowState.set(fired)
            yield { origin, index: fired, key, path: ` ${window.start - farAway} of ${count}` }
          },
        },
      }),
    expected: expected.flatMap((record) =>
      windowsOf(record).flatMap(({ start }) => {
        const window = `${record.key} ${start}`
        const count = (counts.get(window) ?? 0) + 1
        counts.set(window, count)
        const path = ` ${start - farAway} of 2`
        return count % 2 === 0 ? [{ origin, index: count / 2, key: record.key, path }] : []
      }),
    ),
    ordered: true,
    conditions,
    origins: new Set([origin]),
  }
}

const countRecords = {
  create: () => 0,
  add: (count: number) => count + 1,
  merge: (one: number, other: number) => one + other,
  result: (count: number) => count,
}

/** Every third record of a key fires the three. */
const inThrees: Growth = ({ stream, expected, conditions }, index) => {
  const origin = `threes${index}`
  const counts = new Map<number, number>()
  return {
    stream: stream
      .keyBy(({ key }) => key)
      .countWindow(3)
      .process(origin, {
        state: { fired: valueState<number>() },
        process({ key, globalState }, records) {
          const fired = (globalState.fired.get() ?? 0) + 1
          globalState.fired.set(fired)
          return [{ origin, index: fired, key, path: ` of ${records.length}` }]
        },
      }),
    expected: expected.flatMap(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count % 3 === 0 ? [{ origin, index: count / 3, key, path: ' of 3' }] : []
    }),
    ordered: true,
    conditions,
    origins: new Set([origin]),
  }
}

const slidingSizeMs = 7
const slideMs = 4

/**
 * Counts in windows that fire when they end, if that is the same in every run: where no record is
 * late, timestamps are those of sources, which are indexes, and event time ends.
 */
const sliced: Growth = (sketch, index) => {
  const { stream, expected, origins, conditions } = sketch
  const ofSources = [...origins].every((id) => id.startsWith('source'))
  if (!ofSources || !conditions.punctual || !conditions.bounded) return inThrees(sketch, index)
  const origin = `slices${index}`
  const counts = new Map<string, SimulatedRecord>()
  for (const { index: at, key } of expected) {
    const last = Math.floor(at / slideMs) * slideMs
    for (let start = last; start + slidingSizeMs > at; start -= slideMs) {
      const count = (counts.get(`${key} ${start}`)?.index ?? 0) + 1
      counts.set(`${key} ${start}`, { origin, index: count, key, path: ` of ${start}` })
    }
  }
  return {
    stream: stream
      .keyBy(({ key }) => key)
      .window(slidingEventTimeWindows(slidingSizeMs, slideMs))
      .aggregate(origin, countRecords, {
        window: ({ key, window: { start } }, count) => [
          { origin, index: count, key, path: ` of ${start}` },
        ],
      }),
    expected: [...counts.values()],
    ordered: true,
    conditions,
    origins: new Set([origin]),
  }
}

/** Windows, for random jobs. @internal */
export const windowGrowths: readonly Growth[] = [windowed, inThrees, sliced]
