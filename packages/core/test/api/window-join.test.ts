import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import type { KeyedStream } from '../../src/api/keyed-stream.ts'
import { planOf } from '../../src/api/start-job.ts'
import type { StreamEnvironment } from '../../src/api/stream-environment.ts'
import { deltaTrigger } from '../../src/operators/window/count-triggers.ts'
import { sessionEventTimeWindows } from '../../src/operators/window/session-windows.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

type Numbers = KeyedStream<number, number, 'exactly-once'>

function numbersOf(env: StreamEnvironment<'exactly-once'>, id: string): Numbers {
  return env.source(id, sourceOf<number>()).keyBy((value) => value)
}

describe('the definition of a window join', () => {
  test('makes one operator with two inputs, both by key', () => {
    const job = defineJob('joined', {}, (env) => {
      numbersOf(env, 'left')
        .windowJoin(numbersOf(env, 'right'))
        .window(sessionEventTimeWindows(5))
        .process('pairs', (left, right) => [left + right], { parallelism: 3 })
        .sinkTo('out', sinkOf())
    })

    const { vertices, edges } = planOf(job)

    const joined = vertices.find(({ vertexId }) => vertexId === 'pairs')
    expect(joined).toMatchObject({
      parallelism: 3,
      operators: [{ operatorId: 'pairs', type: 'window-join' }],
    })
    const into = edges.filter(({ to }) => to.vertexId === 'pairs')
    expect(into).toMatchObject([
      { from: { operatorId: 'left' }, partitioning: 'hash', inputIndex: 0 },
      { from: { operatorId: 'right' }, partitioning: 'hash', inputIndex: 1 },
    ])
  })

  test('refuses a trigger that cannot merge with windows that do', () => {
    const define = (): unknown =>
      defineJob('joined', {}, (env) => {
        numbersOf(env, 'left')
          .windowJoin(numbersOf(env, 'right'))
          .window(sessionEventTimeWindows(5))
          .trigger(deltaTrigger(1, (last, { side }) => (side === last.side ? 0 : 1)))
          .coGroup('groups', (left) => left)
          .sinkTo('out', sinkOf())
      })

    const message =
      'operator "groups" uses deltaTrigger with sessionEventTimeWindows, whose windows merge'
    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID', message }))
  })

  test('refuses streams of two jobs', () => {
    const foreign: Numbers[] = []
    defineJob('first', {}, (env) => {
      foreign.push(numbersOf(env, 'left'))
      env.source('in', sourceOf<number>()).sinkTo('out', sinkOf())
    })

    const define = (): unknown =>
      defineJob('second', {}, (env) => {
        for (const stream of foreign) numbersOf(env, 'right').windowJoin(stream)
      })

    const message = 'job "second" joins streams of two jobs'
    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID', message }))
  })
})
