import type { DataStream } from '../../api/data-stream.ts'
import type { DeliveryGuarantee } from '../../common/guarantee.ts'
import type { KeyedContext, KeyedProcess } from '../../operators/keyed-process-function.ts'
import { listState, mapState, valueState } from '../../state/state-descriptor.ts'
import type {
  ListState,
  MapState,
  StateDescriptor,
  ValueState,
} from '../../state/state-descriptor.ts'
import type { SimulatedRecord } from './simulated-log.ts'

/** A stream of a random job, and what must come out of it: the oracle works on arrays. @internal */
export interface Sketch {
  readonly stream: DataStream<SimulatedRecord, DeliveryGuarantee>
  readonly expected: readonly SimulatedRecord[]
  /** Whether records of the same origin, key and path come in the order of their indexes. */
  readonly ordered: boolean
  /** Where its records come from. */
  readonly origins: ReadonlySet<string>
}

/** Adds an operator; `index` is unique in the job. @internal */
export type Growth = (sketch: Sketch, index: number) => Sketch

/** Records of two streams that share an origin overtake each other. @internal */
export function unite(left: Sketch, right: Sketch): Sketch {
  return {
    stream: left.stream.union(right.stream),
    expected: [...left.expected, ...right.expected],
    ordered: left.ordered && right.ordered && !overlap(left.origins, right.origins),
    origins: new Set([...left.origins, ...right.origins]),
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

/** Counts the records of a key: which record gets which number depends on the order. */
const counted: Growth = ({ stream, expected }, index) => {
  const origin = `count${index}`
  const counts = new Map<number, number>()
  return {
    stream: stream.keyBy(({ key }) => key).process(origin, countPerKey(origin)),
    expected: expected.map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { origin, index: count, key, path: '' }
    }),
    ordered: true,
    origins: new Set([origin]),
  }
}

type CountStates = {
  readonly count: StateDescriptor<ValueState<number>>
  readonly seen: StateDescriptor<ListState<number>>
  readonly perOrigin: StateDescriptor<MapState<string, number>>
}

function countPerKey(
  origin: string,
): KeyedProcess<SimulatedRecord, number, SimulatedRecord, CountStates> {
  return {
    state: {
      count: valueState<number>(),
      seen: listState<number>(),
      perOrigin: mapState<string, number>(),
    },
    *process(record, state, context) {
      const count = (state.count.get() ?? 0) + 1
      state.count.set(count)
      state.seen.add(count)
      state.perOrigin.set(record.origin, (state.perOrigin.get(record.origin) ?? 0) + 1)
      // Three states that must agree, or the record says so.
      const listed = [...state.seen.get()].length
      const mapped = [...state.perOrigin.values()].reduce((sum, value) => sum + value, 0)
      const agree = listed === count && mapped === count
      const path = (agree ? '' : ' states differ') + lateness(context)
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
        return [withPath(record, (inOrder ? '' : ' out of order') + lateness(context))]
      },
    }),
})

/** Sources emit no watermark that a record of theirs is behind. */
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
  broadcast,
  sequenced,
  sequenced,
  counted,
  counted,
]
