import type { DataStream } from '../../api/data-stream.ts'
import { defineJob, type JobDefinition } from '../../api/define-job.ts'
import { type Prng, randomBelow } from '../../common/prng.ts'
import type { KeyedProcess } from '../../operators/keyed-process-function.ts'
import { listState, mapState, valueState } from '../../state/state-descriptor.ts'
import type {
  ListState,
  MapState,
  StateDescriptor,
  ValueState,
} from '../../state/state-descriptor.ts'
import type { SimulatedPartition, SimulatedRecord } from './simulated-log.ts'
import type { SimulatedSink } from './simulated-sink.ts'
import type { SimulatedSource } from './simulated-source.ts'

/** A stream of the job, and what must come out of it: the oracle works on arrays. */
interface Sketch {
  readonly stream: Stream
  readonly expected: readonly SimulatedRecord[]
}

type Stream = DataStream<SimulatedRecord, 'exactly-once'>

/** What a random job is made from. @internal */
export interface RandomJobParts {
  readonly prng: Prng
  /** The partitions of each source, by operator id. */
  readonly logs: ReadonlyMap<string, readonly SimulatedPartition[]>
  createSource(operatorId: string): SimulatedSource
  createSink(operatorId: string): SimulatedSink
}

/** A job, and what an undisturbed run of it writes. @internal */
export interface RandomJob {
  readonly job: JobDefinition
  /** By sink, in no particular order. */
  readonly expected: ReadonlyMap<string, readonly string[]>
}

/**
 * A random job of 1 to 3 sources and 1 to 3 sinks. All that it computes depends on the records
 * alone and not on the order in which they meet, so that plain arrays give the expected output.
 *
 * @internal
 */
export function randomJob(parts: RandomJobParts): RandomJob {
  const expected = new Map<string, readonly string[]>()
  const options = { checkpointIntervalMs: 50, checkpointTimeoutMs: 5000, restart: restartForEver }
  const job = defineJob('simulated', options, (env) => {
    const sketches = [...parts.logs].map(([id, partitions]) => ({
      stream: env.source(id, parts.createSource(id)),
      expected: partitions.flatMap(({ records }) => records),
    }))
    const outputs = grow(parts.prng, sketches)
    for (const [index, output] of outputs.entries()) {
      const id = `sink${index}`
      output.stream.map(textOf).sinkTo(id, parts.createSink(id))
      expected.set(id, output.expected.map(textOf))
    }
  })
  return { job, expected }
}

const restartForEver = { type: 'fixed-delay', attemptsMax: 1000, delayMs: 20 } as const

function textOf({ origin, index, key, path }: SimulatedRecord): string {
  return `${origin}#${index} key ${key}${path}`
}

/** Applies random operators until one to three streams are left. */
function grow(prng: Prng, sketches: readonly Sketch[]): readonly Sketch[] {
  let streams = [...sketches]
  const operatorCount = 1 + randomBelow(prng, 5)
  for (let index = 0; index < operatorCount; index += 1) {
    const at = randomBelow(prng, streams.length)
    const chosen = streams[at]
    const grown = chosen === undefined ? undefined : growOne(prng, chosen, index)
    if (grown === undefined) continue
    // Sometimes the stream is used twice.
    if (streams.length < 3 && randomBelow(prng, 4) === 0) streams.push(grown)
    else streams[at] = grown
    if (streams.length > 1 && randomBelow(prng, 3) === 0) streams = unite(streams)
  }
  return streams
}

function unite([left, right, ...others]: readonly Sketch[]): Sketch[] {
  if (left === undefined || right === undefined) return []
  const stream = left.stream.union(right.stream)
  return [{ stream, expected: [...left.expected, ...right.expected] }, ...others]
}

type Growth = (sketch: Sketch, index: number) => Sketch

function growOne(prng: Prng, sketch: Sketch, index: number): Sketch {
  const growth = growths[randomBelow(prng, growths.length)] ?? tagged
  return growth(sketch, index)
}

const tagged: Growth = ({ stream, expected }, index) => {
  const tag = (record: SimulatedRecord): SimulatedRecord => ({
    ...record,
    path: `${record.path} m${index}`,
  })
  return { stream: stream.map(tag), expected: expected.map(tag) }
}

const filtered: Growth = ({ stream, expected }) => {
  const keep = (record: SimulatedRecord): boolean => record.index % 3 !== 1
  return { stream: stream.filter(keep), expected: expected.filter(keep) }
}

const multiplied: Growth = ({ stream, expected }, index) => {
  function* copies(record: SimulatedRecord): Generator<SimulatedRecord> {
    for (let copy = 0; copy < record.index % 4; copy += 1) {
      yield { ...record, path: `${record.path} f${index}.${copy}` }
    }
  }
  return {
    stream: stream.flatMap(copies),
    expected: expected.flatMap((record) => [...copies(record)]),
  }
}

const rebalanced: Growth = ({ stream, expected }) => ({ stream: stream.rebalance(), expected })

/** Every record to every subtask: the number of subtasks must not change with the job's. */
const broadcast: Growth = ({ stream, expected }, index) => {
  const tag = (record: SimulatedRecord): SimulatedRecord => ({
    ...record,
    path: `${record.path} b${index}`,
  })
  const parallelism = 1 + (index % 3)
  return {
    stream: stream.broadcast().map(tag, { parallelism }),
    expected: Array.from({ length: parallelism }, () => expected.map(tag)).flat(),
  }
}

/**
 * Counts the records of a key: which record gets which number depends on the order, the pairs do
 * not.
 */
const counted: Growth = ({ stream, expected }, index) => {
  const counts = new Map<number, number>()
  return {
    stream: stream.keyBy(({ key }) => key).process(`count${index}`, countPerKey),
    expected: expected.map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return countRecord(key, count)
    }),
  }
}

function countRecord(key: number, count: number): SimulatedRecord {
  return { origin: 'count', index: count, key, path: '' }
}

const countPerKey: KeyedProcess<
  SimulatedRecord,
  number,
  SimulatedRecord,
  {
    readonly count: StateDescriptor<ValueState<number>>
    readonly seen: StateDescriptor<ListState<number>>
    readonly perOrigin: StateDescriptor<MapState<string, number>>
  }
> = {
  state: {
    count: valueState<number>(),
    seen: listState<number>(),
    perOrigin: mapState<string, number>(),
  },
  *process({ origin }, state, { key }) {
    const count = (state.count.get() ?? 0) + 1
    state.count.set(count)
    state.seen.add(count)
    state.perOrigin.set(origin, (state.perOrigin.get(origin) ?? 0) + 1)
    // Three states that must agree, or the record says so.
    const listed = [...state.seen.get()].length
    const mapped = [...state.perOrigin.values()].reduce((sum, value) => sum + value, 0)
    const agree = listed === count && mapped === count
    yield agree ? countRecord(key, count) : { ...countRecord(key, count), path: ' states differ' }
  },
}

const growths: readonly Growth[] = [
  tagged,
  filtered,
  multiplied,
  rebalanced,
  broadcast,
  counted,
  counted,
]
