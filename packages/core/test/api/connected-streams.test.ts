import { describe, expect, test } from 'vitest'
import type { DataStream } from '../../src/api/data-stream.ts'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import type { KeyedStream } from '../../src/api/keyed-stream.ts'
import { planOf } from '../../src/api/start-job.ts'
import type { StreamEnvironment } from '../../src/api/stream-environment.ts'
import type { KeyedCoProcess } from '../../src/operators/co-process-function.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import {
  listState,
  type ListState,
  type StateDescriptor,
} from '../../src/state/state-descriptor.ts'
import { collectSink, type CollectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

type Env = StreamEnvironment<'exactly-once'>

const names = Array.from({ length: 40 }, (_, index) => ({ id: index, name: `name ${index}` }))
const visits = Array.from({ length: 120 }, (_, index) => ({ visitor: (index * 7) % 50, index }))

type Visitor = {
  readonly names: StateDescriptor<ListState<string>>
  readonly visits: StateDescriptor<ListState<number>>
}

/** Every visit with the name of the visitor, whichever comes first. */
const named: KeyedCoProcess<
  (typeof names)[number],
  (typeof visits)[number],
  number,
  string,
  Visitor
> = {
  state: { names: listState<string>(), visits: listState<number>() },
  *processFirst({ name }, state) {
    state.names.add(name)
    for (const visit of state.visits.get()) yield `${name} ${visit}`
  },
  *processSecond({ index }, state) {
    state.visits.add(index)
    for (const name of state.names.get()) yield `${name} ${index}`
  },
}

function namedVisits(results: CollectSink<string>, keyFirst: boolean): JobDefinition {
  return defineJob('visits', { restart: { type: 'none' } }, (env) => {
    const first = env.source('names', collectionSource(names))
    const second = env.source('visits', collectionSource(visits))
    const keyed = keyFirst
      ? first.keyBy(({ id }) => id).connect(second.keyBy(({ visitor }) => visitor))
      : first.connect(second).keyBy(
          ({ id }) => id,
          ({ visitor }) => visitor,
        )
    keyed.process('named', named).sinkTo('out', results)
  })
}

describe('connected streams', () => {
  test.each([
    { parallelism: 1, keyFirst: true },
    { parallelism: 3, keyFirst: true },
    { parallelism: 3, keyFirst: false },
  ])('meet by key in a job: %o', async ({ parallelism, keyFirst }) => {
    const results = collectSink<string>()

    await runTestJob(namedVisits(results, keyFirst), { parallelism })

    const known = visits.filter(({ visitor }) => visitor < names.length)
    const expected = known.map(({ visitor, index }) => `name ${visitor} ${index}`)
    expect(results.values.toSorted()).toEqual(expected.toSorted())
  })

  test('are mapped, flat mapped and processed, each input by its own function', async () => {
    const results = collectSink<string>()
    const side = outputTag<string>('side')
    const job = defineJob('both', { restart: { type: 'none' } }, (env) => {
      const connected = env
        .source('numbers', collectionSource([1, 2]))
        .connect(env.source('texts', collectionSource(['a', 'b'])))
      const mapped = connected.map(
        (value) => `number ${value}`,
        (value) => `text ${value}`,
      )
      const flatMapped = connected.flatMap(
        (value) => Array.from({ length: value }, () => `times ${value}`),
        (value) => [`once ${value}`],
      )
      const processed = connected.process('processed', {
        processFirst: (value) => [`first ${value}`],
        processSecond: (value, context) => context.output(side, `side ${value}`),
      })
      mapped.union(flatMapped, processed, processed.sideOutput(side)).sinkTo('out', results)
    })

    await runTestJob(job)

    const from = ['number 1', 'number 2', 'text a', 'text b', 'times 1', 'times 2', 'times 2']
    const other = ['once a', 'once b', 'first 1', 'first 2', 'side a', 'side b']
    expect(results.values.toSorted()).toEqual([...from, ...other].toSorted())
  })

  test('are read by an operator that is chained to neither', () => {
    const job = defineJob('visits', {}, (env) => {
      const numbers = env.source('numbers', sourceOf<number>())
      numbers
        .connect(numbers.map(String))
        .map(String, String, { parallelism: 2 })
        .sinkTo('out', sinkOf(), { parallelism: 2 })
    })

    const { vertices, edges } = planOf(job, {})

    const chains = vertices.map(({ operators }) => operators.map(({ operatorId }) => operatorId))
    const chained = [
      ['numbers', 'numbers.map'],
      ['numbers.co-map', 'out'],
    ]
    expect(chains).toEqual(chained)
    const inputs = edges.map(({ from, inputIndex }) => [from.operatorId, inputIndex])
    expect(inputs).toEqual([
      ['numbers', 0],
      ['numbers.map', 1],
    ])
  })

  test('keep the streams of a union on their side', () => {
    const job = defineJob('visits', {}, (env) => {
      const [a, b, c] = ['a', 'b', 'c'].map((id) => env.source(id, sourceOf<number>()))
      if (a === undefined || b === undefined || c === undefined) return
      a.connect(b.union(c)).map(String, String).sinkTo('out', sinkOf())
    })

    const inputs = job.graph.nodes.find(({ operation }) => operation.type === 'co-map')?.inputs

    expect(inputs?.map(({ from, port }) => [from, port])).toEqual([
      [0, 0],
      [1, 1],
      [2, 1],
    ])
  })

  test('are of one job', () => {
    const streams: DataStream<number, 'exactly-once'>[] = []
    const keyed: KeyedStream<number, number, 'exactly-once'>[] = []
    const numbersOf = (env: Env): DataStream<number, 'exactly-once'> => {
      const numbers = env.source('in', sourceOf<number>())
      numbers.sinkTo('out', sinkOf())
      return numbers
    }
    defineJob('first', {}, (env) => {
      streams.push(numbersOf(env))
      keyed.push(numbersOfKeyed(env))
    })

    const connect = (): unknown =>
      defineJob('second', {}, (env) => {
        for (const stream of streams) numbersOf(env).connect(stream)
      })
    const connectKeyed = (): unknown =>
      defineJob('second', {}, (env) => {
        for (const stream of keyed) numbersOfKeyed(env).connect(stream)
      })

    const message = 'job "second" connects streams of two jobs'
    const refused: unknown = expect.objectContaining({ code: 'FLINKTS_JOB_INVALID', message })
    expect(connect).toThrow(refused)
    expect(connectKeyed).toThrow(refused)
  })
})

function numbersOfKeyed(env: Env): KeyedStream<number, number, 'exactly-once'> {
  return env.source('keyed', sourceOf<number>()).keyBy((value) => value)
}
