import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import type { IntervalJoin } from '../../src/api/interval-join.ts'
import type { KeyedStream } from '../../src/api/keyed-stream.ts'
import type { StreamEnvironment } from '../../src/api/stream-environment.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

type Numbers = KeyedStream<number, number, 'exactly-once'>

type Between = (
  join: IntervalJoin<number, number, 'exactly-once'>,
) => ReturnType<typeof join.between>

function numbersOf(env: StreamEnvironment<'exactly-once'>, id: string): Numbers {
  return env.source(id, sourceOf<number>()).keyBy((value) => value)
}

function defineJoin(between: Between): unknown {
  return defineJob('joined', {}, (env) => {
    between(numbersOf(env, 'left').intervalJoin(numbersOf(env, 'right')))
      .process('pairs', (left, right) => [left + right])
      .sinkTo('out', sinkOf())
  })
}

describe('the definition of an interval join', () => {
  test.each<readonly [string, Between]>([
    ['1 ms (inclusive) to 0 ms (inclusive)', (join) => join.between(1, 0)],
    ['1 ms (exclusive) to 1 ms (inclusive)', (join) => join.between(1, 1).lowerBoundExclusive()],
    ['1 ms (inclusive) to 1 ms (exclusive)', (join) => join.between(1, 1).upperBoundExclusive()],
    [
      '1 ms (exclusive) to 2 ms (exclusive)',
      (join) => join.between(1, 2).lowerBoundExclusive().upperBoundExclusive(),
    ],
    ['0.5 ms (inclusive) to 1 ms (inclusive)', (join) => join.between(0.5, 1)],
    ['NaN ms (inclusive) to 1 ms (inclusive)', (join) => join.between(Number.NaN, 1)],
    ['0 ms (inclusive) to Infinity ms (inclusive)', (join) => join.between(0, Infinity)],
  ])('refuses %s, by its name', (interval, between) => {
    const message = `interval join "pairs" joins records from ${interval}, which is no interval`

    const define = (): unknown => defineJoin(between)

    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID', message }))
  })

  test.each<readonly [string, Between]>([
    ['one instant', (join) => join.between(0, 0)],
    ['negative bounds', (join) => join.between(-2, -1)],
    ['what is between two', (join) => join.between(0, 2).lowerBoundExclusive()],
  ])('takes %s', (_what, between) => {
    expect(() => defineJoin(between)).not.toThrow()
  })

  test('is not changed by what is made of it', () => {
    const joins: TestJoinOfNumbers[] = []
    const define = (): unknown =>
      defineJoin((join) => {
        const bounded = join.between(1, 1)
        joins.push(bounded.upperBoundExclusive())
        return bounded.sideOutputLeftLateData(outputTag<number>('late'))
      })

    expect(define).not.toThrow()
    expect(joins).toHaveLength(1)
  })

  test('refuses streams of two jobs', () => {
    const foreign: Numbers[] = []
    defineJob('first', {}, (env) => {
      foreign.push(numbersOf(env, 'left'))
      env.source('in', sourceOf<number>()).sinkTo('out', sinkOf())
    })

    const define = (): unknown =>
      defineJob('second', {}, (env) => {
        for (const stream of foreign) numbersOf(env, 'right').intervalJoin(stream)
      })

    const message = 'job "second" joins streams of two jobs'
    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID', message }))
  })
})

type TestJoinOfNumbers = ReturnType<Between>
