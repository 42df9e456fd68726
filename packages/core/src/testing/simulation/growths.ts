import type { DataStream } from '../../api/data-stream.ts'
import type { DeliveryGuarantee } from '../../common/guarantee.ts'
import type { BroadcastProcess } from '../../operators/broadcast/broadcast-function.ts'
import type { KeyedContext, KeyedProcess } from '../../operators/keyed-process-function.ts'
import { listState, mapState, reducingState, valueState } from '../../state/state-descriptor.ts'
import { broadcastState } from '../../state/broadcast-state.ts'
import type {
  ListState,
  MapState,
  ReducingState,
  StateDescriptor,
  ValueState,
} from '../../state/state-descriptor.ts'
import type { StateTtl } from '../../state/state-ttl.ts'
import type { SimulatedRecord } from './simulated-log.ts'
import { windowGrowths } from './window-growths.ts'

/** A stream of a random job, and what must come out of it: the oracle works on arrays. @internal */
export interface Sketch {
  readonly stream: DataStream<SimulatedRecord, DeliveryGuarantee>
  readonly expected: readonly SimulatedRecord[]
  /** Whether records of the same origin, key and path come in the order of their indexes. */
  readonly ordered: boolean
  readonly conditions: Conditions
  /** Where its records come from. */
  readonly origins: ReadonlySet<string>
}

/** Under which conditions a job runs: they decide what is the same in every run. @internal */
export interface Conditions {
  /** Whether a record behind the watermark is a defect. */
  readonly punctual: boolean
  /** Whether event time ends: then every window fires. */
  readonly bounded: boolean
  /** Whether the parallelism stays as it is. */
  readonly steady: boolean
}

/** Adds an operator; `index` is unique in the job. @internal */
export type Growth = (sketch: Sketch, index: number) => Sketch

/** Records of two streams that share an origin overtake each other. @internal */
export function unite(left: Sketch, right: Sketch): Sketch {
  return {
    stream: left.stream.union(right.stream),
    expected: [...left.expected, ...right.expected],
    ordered: left.ordered && right.ordered && !overlap(left.origins, right.origins),
    conditions: bothHold(left.conditions, right.conditions),
    origins: new Set([...left.origins, ...right.origins]),
  }
}

/** What holds for both. @internal */
export function bothHold(left: Conditions, right: Conditions): Conditions {
  return {
    punctual: left.punctual && right.punctual,
    bounded: left.bounded && right.bounded,
    steady: left.steady && right.steady,
  }
}

function overlap(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return [...left].some((origin) => right.has(origin))
}

const tagged: Growth = (sketch, index) => {
  const tag = (record: SimulatedRecord): SimulatedRecord => withPath(record, ` m${index}`)
  return { ...sketch, stream: sketch.stream.map(tag), expected: sketch.expected.map(tag) }
}

const filtered: Growth = (sketch) => {
  const keep = (record: SimulatedRecord): boolean => record.index % 3 !== 1
  return { ...sketch, stream: sketch.stream.filter(keep), expected: sketch.expected.filter(keep) }
}

const multiplied: Growth = (sketch, index) => {
  function* copies(record: SimulatedRecord): Generator<SimulatedRecord> {
    for (let copy = 0; copy < record.index % 4; copy += 1) {
      yield withPath(record, ` f${index}.${copy}`)
    }
  }
  return {
    ...sketch,
    stream: sketch.stream.flatMap(copies),
    expected: sketch.expected.flatMap((record) => [...copies(record)]),
  }
}

const rebalanced: Growth = (sketch) => ({
  ...sketch,
  stream: sketch.stream.rebalance(),
  ordered: false,
})

/** In one of the ways that take no key group, through another number of subtasks. */
const spread: Growth = (sketch, index) => {
  const { stream } = sketch
  const tag = (record: SimulatedRecord): SimulatedRecord => withPath(record, ` p${index}`)
  const spreads = [
    stream.rescale(),
    stream.shuffle(),
    stream.global(),
    stream.partitionCustom(
      (key: number, subtaskCount) => key % subtaskCount,
      ({ key }) => key,
    ),
  ]
  return {
    ...sketch,
    stream: (spreads[index % spreads.length] ?? stream).map(tag, { parallelism: 1 + (index % 5) }),
    expected: sketch.expected.map(tag),
    ordered: false,
  }
}

/** Counts the records of a key, as a rolling aggregate. */
const summed: Growth = ({ stream, expected, conditions }, index) => {
  const origin = `sum${index}`
  const counts = new Map<number, number>()
  return {
    stream: stream
      .map(({ key }): SimulatedRecord => ({ origin, index: 1, key, path: '' }))
      .keyBy(({ key }) => key)
      .sum(origin, 'index'),
    expected: expected.map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { origin, index: count, key, path: '' }
    }),
    conditions,
    ordered: true,
    origins: new Set([origin]),
  }
}

/** Every record to every subtask: the number of subtasks must not change with the job's. */
const broadcast: Growth = (sketch, index) => {
  const tag = (record: SimulatedRecord): SimulatedRecord => withPath(record, ` b${index}`)
  const parallelism = 1 + (index % 3)
  return {
    ...sketch,
    stream: sketch.stream.broadcast().map(tag, { parallelism }),
    expected: Array.from({ length: parallelism }, () => sketch.expected.map(tag)).flat(),
    ordered: false,
  }
}

/**
 * Calls a function that takes its time, for many records at once, and not in their order. Another
 * number of subtasks gets the records under way in turn: they may be behind others then.
 */
const enriched: Growth = (sketch, index) => {
  const tag = (record: SimulatedRecord): SimulatedRecord => withPath(record, ` a${index}`)
  const ordered = index % 2 === 0
  const enrich = async (record: SimulatedRecord): Promise<SimulatedRecord> => {
    for (let hops = (record.index * 7 + record.key) % 5; hops > 0; hops -= 1)
      await Promise.resolve()
    return tag(record)
  }
  const options = { ordered, capacity: 1 + (index % 4), timeoutMs: 3_600_000 }
  return {
    ...sketch,
    stream: sketch.stream.mapAsync(`enrich${index}`, enrich, options),
    expected: sketch.expected.map(tag),
    ordered: sketch.ordered && ordered && sketch.conditions.steady,
  }
}

/** Counts all records in every subtask: no copy of the count may be lost, nor be behind. */
const shared: Growth = ({ stream, expected, origins, conditions }, index) => {
  const origin = `share${index}`
  const parallelism = 1 + (index % 3)
  const all = stream.broadcast({ count: broadcastState<string, number>() })
  const numbered = (count: number): SimulatedRecord => ({ origin, index: count, key: 0, path: '' })
  const counts: BroadcastProcess<
    SimulatedRecord,
    SimulatedRecord,
    SimulatedRecord,
    typeof all.states
  > = {
    process: () => undefined,
    processBroadcast: (_record, { count }) => {
      const next = (count.get('all') ?? 0) + 1
      count.set('all', next)
      return [numbered(next)]
    },
  }
  return {
    stream: stream.connect(all).process(origin, counts, { parallelism }),
    expected: expected.flatMap((_, before) =>
      Array.from({ length: parallelism }, () => numbered(before + 1)),
    ),
    ordered: false,
    conditions,
    origins: new Set([...origins, origin]),
  }
}

/** Counts the records of a key: which record gets which number depends on the order. */
const counted: Growth = ({ stream, expected, conditions }, index) => {
  const origin = `count${index}`
  const counts = new Map<number, number>()
  return {
    stream: stream
      .keyBy(({ key }) => key)
      .process(origin, countPerKey(origin, conditions.punctual)),
    expected: expected.map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { origin, index: count, key, path: '' }
    }),
    ordered: true,
    conditions,
    origins: new Set([origin]),
  }
}

type CountStates = {
  readonly count: StateDescriptor<ValueState<number>>
  readonly seen: StateDescriptor<ListState<number>>
  readonly perOrigin: StateDescriptor<MapState<string, number>>
  readonly total: StateDescriptor<ReducingState<number>>
}

/** Than a simulation lasts: what it holds is written and restored with its times. */
const longer: StateTtl = { ms: 1e12, update: 'on-read-and-write' }

function countPerKey(
  origin: string,
  punctual: boolean,
): KeyedProcess<SimulatedRecord, number, SimulatedRecord, CountStates> {
  return {
    state: {
      count: valueState<number>(),
      seen: listState<number>({ ttl: longer }),
      perOrigin: mapState<string, number>({ ttl: longer }),
      total: reducingState<number>((one, two) => one + two, { ttl: longer }),
    },
    *process(record, state, context) {
      const count = (state.count.get() ?? 0) + 1
      state.count.set(count)
      state.seen.add(count)
      state.perOrigin.set(record.origin, (state.perOrigin.get(record.origin) ?? 0) + 1)
      state.total.add(1)
      // States that must agree, or the record says so.
      const listed = [...state.seen.get()].length
      const mapped = [...state.perOrigin.values()].reduce((sum, value) => sum + value, 0)
      const agree = listed === count && mapped === count && state.total.get() === count
      const path = (agree ? '' : ' states differ') + (punctual ? lateness(context) : '')
      yield { origin, index: count, key: context.key, path }
    },
  }
}

/** Passes records on, and says so if one comes out of its order: also after a restore. */
const sequenced: Growth = (sketch, index) => ({
  ...sketch,
  stream: sketch.stream
    .keyBy(({ key }) => key)
    .process(`sequence${index}`, {
      state: { last: mapState<string, number>() },
      process: (record, { last }, context) => {
        const sequence = `${record.origin}${record.path}`
        const inOrder = !sketch.ordered || record.index > (last.get(sequence) ?? -1)
        last.set(sequence, record.index)
        const late = sketch.conditions.punctual ? lateness(context) : ''
        return [withPath(record, (inOrder ? '' : ' out of order') + late)]
      },
    }),
})

/** Sources that make their own watermarks emit none that a record of theirs is behind. */
function lateness({ timestamp, watermark }: KeyedContext): string {
  return (timestamp ?? Infinity) > watermark ? '' : ' late'
}

function withPath(record: SimulatedRecord, path: string): SimulatedRecord {
  return path === '' ? record : { ...record, path: record.path + path }
}

/** What a random job is grown from. @internal */
export const growths: readonly Growth[] = [
  tagged,
  filtered,
  multiplied,
  rebalanced,
  spread,
  broadcast,
  summed,
  shared,
  enriched,
  enriched,
  sequenced,
  sequenced,
  counted,
  counted,
  ...windowGrowths,
]
