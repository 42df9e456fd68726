import { type Prng, randomBelow } from '../../common/prng.ts'
import type { KeyedCoProcess } from '../../operators/co-process-function.ts'
import type { KeyedContext } from '../../operators/keyed-process-function.ts'
import { slidingEventTimeWindows } from '../../operators/window/aligned-windows.ts'
import type { Window } from '../../operators/window/window.ts'
import { type StateDescriptor, type ValueState, valueState } from '../../state/state-descriptor.ts'
import { bothHold, type Sketch, unite } from './growths.ts'
import type { SimulatedRecord } from './simulated-log.ts'

/** Makes one stream of two; `index` is unique in the job. */
type Meeting = (left: Sketch, right: Sketch, index: number) => Sketch

/** More pairs than that take too long. */
const candidatesMax = 10_000

/** Lets two streams become one in one of several ways. @internal */
export function meet(prng: Prng, left: Sketch, right: Sketch, index: number): Sketch {
  const meetings: readonly Meeting[] = [unite, counted, joined, windowed]
  return (meetings[randomBelow(prng, meetings.length)] ?? unite)(left, right, index)
}

/** Counts the records of a key over both streams. */
const counted: Meeting = (left, right, index) => {
  const origin = `both${index}`
  const counts = new Map<number, number>()
  return {
    stream: left.stream
      .keyBy(({ key }) => key)
      .connect(right.stream.keyBy(({ key }) => key))
      .process(origin, countBoth(origin)),
    expected: [...left.expected, ...right.expected].map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { origin, index: count, key, path: '' }
    }),
    ordered: true,
    conditions: bothHold(left.conditions, right.conditions),
    origins: new Set([origin]),
  }
}

type BothCounts = {
  readonly first: StateDescriptor<ValueState<number>>
  readonly second: StateDescriptor<ValueState<number>>
  readonly both: StateDescriptor<ValueState<number>>
}

function countBoth(
  origin: string,
): KeyedCoProcess<SimulatedRecord, SimulatedRecord, number, SimulatedRecord, BothCounts> {
  const count = (
    own: ValueState<number>,
    other: ValueState<number>,
    both: ValueState<number>,
    context: KeyedContext<number>,
  ): readonly SimulatedRecord[] => {
    own.set((own.get() ?? 0) + 1)
    both.set((both.get() ?? 0) + 1)
    const index = both.get() ?? 0
    const path = (own.get() ?? 0) + (other.get() ?? 0) === index ? '' : ' states differ'
    return [{ origin, index, key: context.key, path }]
  }
  return {
    state: {
      first: valueState<number>(),
      second: valueState<number>(),
      both: valueState<number>(),
    },
    processFirst: (_record, { first, second, both }, context) =>
      count(first, second, both, context),
    processSecond: (_record, { first, second, both }, context) =>
      count(second, first, both, context),
  }
}

/**
 * Joins records of a key whose times are close, if their times are known: those of sources are
 * their indexes, unless strategies give them others.
 */
const joined: Meeting = (left, right, index) => {
  const timed = areOfSources(left, right) && bothHold(left.conditions, right.conditions).punctual
  if (!timed || areMany(left, right)) return counted(left, right, index)
  const origin = `join${index}`
  const lowerMs = (index % 4) - 2
  const upperMs = lowerMs + (index % 3)
  return {
    stream: left.stream
      .keyBy(({ key }) => key)
      .intervalJoin(right.stream.keyBy(({ key }) => key))
      .between(lowerMs, upperMs)
      .process(origin, (one, other) => [pairOf(origin, one, other)]),
    expected: left.expected.flatMap((one) =>
      right.expected
        .filter(({ key }) => key === one.key)
        .filter((other) => other.index >= one.index + lowerMs)
        .filter((other) => other.index <= one.index + upperMs)
        .map((other) => pairOf(origin, one, other)),
    ),
    ordered: false,
    conditions: bothHold(left.conditions, right.conditions),
    origins: new Set([origin]),
  }
}

const windows = slidingEventTimeWindows(7, 4)

/** Joins records of a key that are in the same window, where every window has its end. */
const windowed: Meeting = (left, right, index) => {
  const conditions = bothHold(left.conditions, right.conditions)
  const ending = areOfSources(left, right) && conditions.punctual && conditions.bounded
  if (!ending || areMany(left, right)) return counted(left, right, index)
  const origin = `windows${index}`
  return {
    stream: left.stream
      .keyBy(({ key }) => key)
      .windowJoin(right.stream.keyBy(({ key }) => key))
      .window(windows)
      .process(origin, (one, other) => [pairOf(origin, one, other)]),
    expected: left.expected.flatMap((one) =>
      right.expected
        .filter(({ key }) => key === one.key)
        .flatMap((other) => commonWindows(one, other).map(() => pairOf(origin, one, other))),
    ),
    ordered: false,
    conditions,
    origins: new Set([origin]),
  }
}

function commonWindows(one: SimulatedRecord, other: SimulatedRecord): readonly Window[] {
  const starts = new Set(windowsOf(other).map(({ start }) => start))
  return windowsOf(one).filter(({ start }) => starts.has(start))
}

function windowsOf(record: SimulatedRecord): readonly Window[] {
  return windows.assign(record, record.index, { processingTime: 0 })
}

function areOfSources(left: Sketch, right: Sketch): boolean {
  return [...left.origins, ...right.origins].every((id) => id.startsWith('source'))
}

function pairOf(origin: string, one: SimulatedRecord, other: SimulatedRecord): SimulatedRecord {
  const path = ` ${one.origin}${one.path} + ${other.origin}#${other.index}${other.path}`
  return { origin, index: one.index, key: one.key, path }
}

function areMany(left: Sketch, right: Sketch): boolean {
  return left.expected.length * right.expected.length > candidatesMax
}
