import { expect, test } from 'vitest'
import type { DataStream } from '../../src/api/data-stream.ts'
import { defineJob } from '../../src/api/define-job.ts'
import { explainJob } from '../../src/api/explain-job.ts'
import { tumblingEventTimeWindows } from '../../src/operators/window/aligned-windows.ts'
import { broadcastState } from '../../src/state/broadcast-state.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

type Numbers = DataStream<number, 'exactly-once'>

const own = (value: number): number => value
const heap = 'heap, by key group; a state file for each subtask'
const manifest = 'manifest, by subtask'
const total = { total: valueState<number>() }
const nothing = (): readonly string[] => []
const timers = { onTimer: nothing }

const operators: readonly (readonly [
  string,
  (stream: Numbers) => DataStream<unknown, 'exactly-once'>,
  readonly (readonly [string, string])[],
])[] = [
  [
    'a keyed function',
    (stream) => stream.keyBy(own).process('op', { state: total, process: nothing }),
    [['state "total" (value)', heap]],
  ],
  [
    'one with timers',
    (stream) => stream.keyBy(own).process('op', { state: total, process: nothing, ...timers }),
    [
      ['state "total" (value)', heap],
      ['timers', heap],
    ],
  ],
  [
    'a keyed function of two streams',
    (stream) =>
      stream
        .connect(stream)
        .keyBy(own, own)
        .process('op', {
          ...{ state: total, processFirst: nothing, processSecond: nothing, ...timers },
        }),
    [
      ['state "total" (value)', heap],
      ['timers', heap],
    ],
  ],
  [
    'a keyed function with broadcast state',
    (stream) =>
      stream
        .keyBy(own)
        .connect(stream.broadcast({ rules: broadcastState<string, number>() }))
        .process('op', {
          ...{ state: total, process: nothing, processBroadcast: nothing, ...timers },
        }),
    [
      ['state "total" (value)', heap],
      ['timers', heap],
      ['list "rules"', manifest],
    ],
  ],
  [
    'windows',
    (stream) =>
      stream
        .keyBy(own)
        .window(tumblingEventTimeWindows(10))
        .reduce('op', (one, two) => one + two),
    [['windows: what they contain, their triggers and timers', heap]],
  ],
  [
    'an interval join',
    (stream) =>
      stream.keyBy(own).intervalJoin(stream.keyBy(own)).between(0, 1).process('op', nothing),
    [['records of both sides that later ones may join', heap]],
  ],
  [
    'a rolling aggregate',
    (stream) => stream.keyBy(own).reduce('op', (one, two) => one + two),
    [['state "reduced" (value)', heap]],
  ],
  [
    'async calls',
    (stream) => stream.mapAsync('op', own, { timeoutMs: 1 }),
    [['list "in-flight"', manifest]],
  ],
]

test.each(operators)('%s is explained with what it keeps, and where', (_what, build, expected) => {
  const job = defineJob('numbers', {}, (env) => {
    build(env.source('in', sourceOf<number>())).sinkTo('out', sinkOf<unknown>())
  })

  const states = explainJob(job).states.filter(({ operatorId }) => operatorId === 'op')

  expect(states.map(({ state, location }) => [state, location])).toEqual(expected)
})
