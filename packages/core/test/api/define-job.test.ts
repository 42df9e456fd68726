import { describe, expect, test } from 'vitest'
import type { DataStream } from '../../src/api/data-stream.ts'
import { defineJob } from '../../src/api/define-job.ts'
import { explainJob } from '../../src/api/explain-job.ts'
import type { JobOptions } from '../../src/api/job-options.ts'
import type { StreamEnvironment } from '../../src/api/stream-environment.ts'
import { planOf } from '../../src/api/start-job.ts'
import type { DeliveryGuarantee } from '../../src/common/guarantee.ts'
import { listState, valueState } from '../../src/state/state-descriptor.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

type Env = StreamEnvironment<'exactly-once'>

const copy = (env: Env): void => env.source('in', sourceOf<number>()).sinkTo('out', sinkOf())

/** What those may pass who use no types. */
const wrongGuarantee = 'maybe-once' as 'exactly-once'

describe('the definition of a job', () => {
  test.each(['orders', 'A', 'orders-2.daily_x', 'x'.repeat(64)])('takes the name "%s"', (name) => {
    expect(defineJob(name, {}, copy).name).toBe(name)
  })

  test.each(['', '2orders', '-orders', '.', '../orders', 'a b', 'ä', 'x'.repeat(65)])(
    'refuses the name "%s", which is a directory too',
    (name) => {
      const define = (): unknown => defineJob(name, {}, copy)

      expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID' }))
    },
  )

  test.each([
    ['source', (env: Env): void => void env],
    ['sink', (env: Env): void => void env.source('in', sourceOf<number>()).map(String)],
  ])('refuses a job without a %s', (missing, build) => {
    const define = (): unknown => defineJob('orders', {}, build)

    expect(define).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_JOB_INVALID',
        message: `job "orders" has no ${missing}`,
      }),
    )
  })

  test('refuses to unite streams of two jobs', () => {
    const streams: DataStream<number, 'exactly-once'>[] = []
    defineJob('first', {}, (env) => {
      streams.push(env.source('in', sourceOf<number>()))
      copyTo(env, 'other')
    })

    const define = (): unknown =>
      defineJob('second', {}, (env) => {
        env.source('in', sourceOf<number>()).union(...streams)
      })

    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID' }))
  })

  test('names operators without state after where they stand', () => {
    const job = defineJob('orders', {}, (env) => {
      const numbers = env.source('in', sourceOf<number>())
      numbers.map(String)
      numbers
        .map(String)
        .flatMap((text) => [text])
        .sinkTo('out', sinkOf())
    })

    expect(job.graph.nodes.map(({ operatorId }) => operatorId)).toEqual([
      'in',
      'in.map',
      'in.map2',
      'in.map2.flat-map',
      'out',
    ])
  })

  test('is not confused by a given id that looks like such a name', () => {
    const job = defineJob('orders', {}, (env) => {
      const numbers = env.source('in', sourceOf<number>())
      numbers.sinkTo('in.map', sinkOf())
      numbers.map(String)
    })

    expect(job.graph.nodes.map(({ operatorId }) => operatorId)).toEqual(['in', 'in.map', 'in.map2'])
  })
})

function copyTo(env: Env, id: string): void {
  env.source(`${id}-in`, sourceOf<number>()).sinkTo(id, sinkOf())
}

describe('an operator id', () => {
  test.each(['', '1', 'a b', 'a/b', '..', 'x'.repeat(65)])('is not "%s"', (id) => {
    const define = (): unknown =>
      defineJob('orders', {}, (env) => env.source('in', sourceOf<number>()).sinkTo(id, sinkOf()))

    expect(define).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_OPERATOR_ID_INVALID',
        message: `operator id "${id}" has a wrong form`,
      }),
    )
  })

  test('is given once', () => {
    const define = (): unknown =>
      defineJob('orders', {}, (env) => {
        copyTo(env, 'out')
        copyTo(env, 'out')
      })

    expect(define).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_OPERATOR_ID_DUPLICATE',
        message: 'two operators of job "orders" have the id "out-in"',
      }),
    )
  })

  test('is not one that another operator got from its place', () => {
    const define = (): unknown =>
      defineJob('orders', {}, (env) => {
        env.source('in', sourceOf<number>()).map(String).sinkTo('in.map', sinkOf())
      })

    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_OPERATOR_ID_DUPLICATE' }))
  })
})

describe('the options of a job', () => {
  test('have defaults', () => {
    expect(defineJob('orders', {}, copy).options).toMatchObject({
      guarantee: 'exactly-once',
      parallelism: 1,
      maxParallelism: 128,
      checkpointIntervalMs: 1000,
      retainedCheckpointsMax: 2,
    })
  })

  const wrong: readonly JobOptions<'exactly-once'>[] = [
    { parallelism: 0 },
    { parallelism: 1.5 },
    { maxParallelism: 32_769 },
    { checkpointIntervalMs: 0 },
    { checkpointMinPauseMs: -1 },
    { checkpointTimeoutMs: Number.NaN },
    { tolerableCheckpointFailures: -1 },
    { retainedCheckpointsMax: 0 },
  ]
  test.each(wrong.map((options) => [JSON.stringify(options), options] as const))(
    'are refused out of their range: %s',
    (_text, options) => {
      const define = (): unknown => defineJob('orders', options, copy)

      const [name] = Object.keys(options)
      expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }))
      expect(define).toThrow(`option "${name}" of job "orders"`)
    },
  )

  test('are refused with a guarantee that does not exist', () => {
    const define = (): unknown => defineJob('orders', { guarantee: wrongGuarantee }, copy)

    expect(define).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_OPTION_INVALID',
        message: 'option "guarantee" of job "orders" is "maybe-once"',
        hint: 'Use one of "exactly-once", "effectively-once", "at-least-once".',
      }),
    )
  })
})

describe('the guarantee of a job', () => {
  const guarantees: readonly DeliveryGuarantee[] = [
    'at-least-once',
    'effectively-once',
    'exactly-once',
  ]
  const pairs = guarantees.flatMap((job, strength) =>
    guarantees.map((sink, sinkStrength) => ({ job, sink, accepted: sinkStrength >= strength })),
  )

  test.each(pairs)('$job with a sink that is $sink: $accepted', ({ job, sink, accepted }) => {
    const define = (): unknown =>
      defineJob('orders', { guarantee: job as 'exactly-once' }, (env) => {
        const loose = sinkOf<number>({ guarantee: sink as 'exactly-once' })
        env.source('in', sourceOf<number>()).sinkTo('out', loose)
      })

    const code = codeOf(define)
    expect(code).toBe(accepted ? undefined : 'FLINKTS_GUARANTEE_VIOLATED')
  })

  test.each(guarantees)('%s with a source that cannot replay', (job) => {
    const define = (): unknown =>
      defineJob('orders', { guarantee: job as 'exactly-once' }, (env) => {
        const once = sourceOf<number>({ replayable: false as true })
        env.source('in', once).sinkTo('out', sinkOf())
      })

    const expected = job === 'at-least-once' ? undefined : 'FLINKTS_GUARANTEE_VIOLATED'
    expect(codeOf(define)).toBe(expected)
  })
})

function codeOf(define: () => unknown): unknown {
  try {
    define()
    return undefined
  } catch (cause) {
    return cause instanceof Error && 'code' in cause ? cause.code : cause
  }
}

describe('the explanation of a job', () => {
  test('shows sources, sinks and states with what is behind them', () => {
    const job = defineJob('orders', {}, (env) => {
      env
        .source('in', sourceOf<number>())
        .keyBy((value) => value)
        .process('sum', {
          state: { total: valueState<number>(), parts: listState<number>() },
          process: (value) => [value],
        })
        .sinkTo('out', { ...sinkOf(), conformance: ['file:///reports/out/conformance.json'] })
    })

    const explained = explainJob(job, { parallelism: 2 })

    expect(explained.plan).toEqual(planOf(job, { parallelism: 2 }))
    expect(explained.sources).toEqual([
      {
        operatorId: 'in',
        description: 'test source',
        boundedness: 'continuous-unbounded',
        replayable: true,
        mechanism: 'offsets',
        conformance: [],
      },
    ])
    expect(explained.sinks).toEqual([
      {
        operatorId: 'out',
        description: 'test sink',
        guarantee: 'exactly-once',
        mechanism: 'transactions',
        conformance: ['file:///reports/out/conformance.json'],
      },
    ])
    expect(explained.states.map(({ operatorId, state }) => `${operatorId}: ${state}`)).toEqual([
      'in: splits with positions',
      'in: splits not yet assigned',
      'sum: state "total" (value)',
      'sum: state "parts" (list)',
      'out: committables not yet committed',
    ])
  })

  test('shows no committables of a sink that commits nothing', () => {
    const { createCommitter: _none, ...sink } = sinkOf<number, 'at-least-once'>({
      guarantee: 'at-least-once',
    })
    const job = defineJob('orders', { guarantee: 'at-least-once' }, (env) => {
      env.source('in', sourceOf<number>()).sinkTo('out', sink)
    })

    expect(explainJob(job).states.map(({ operatorId }) => operatorId)).toEqual(['in', 'in'])
  })
})
