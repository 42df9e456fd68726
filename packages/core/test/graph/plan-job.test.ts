import { describe, expect, test } from 'vitest'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import type { JobOptions } from '../../src/api/job-options.ts'
import { planOf } from '../../src/api/start-job.ts'
import type { StreamEnvironment } from '../../src/api/stream-environment.ts'
import type { ExecutionPlan, PlanOperator } from '../../src/graph/execution-plan.ts'
import { tumblingEventTimeWindows } from '../../src/operators/window/aligned-windows.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import { sinkOf, sourceOf } from '../api/fixtures.ts'

type Env = StreamEnvironment<'exactly-once'>

function jobOf(build: (env: Env) => void, options: JobOptions<'exactly-once'> = {}): JobDefinition {
  return defineJob('orders', options, build)
}

/** `head(parallelism): operators`, one for each vertex. */
function verticesOf({ vertices }: ExecutionPlan): readonly string[] {
  return vertices.map(({ vertexId, parallelism, operators }) => {
    return `${vertexId}(${parallelism}): ${operators.map(({ operatorId }) => operatorId).join(' ')}`
  })
}

function edgesOf({ edges }: ExecutionPlan): readonly string[] {
  return edges.map(({ from, to, partitioning, inputIndex }) => {
    return `${from.vertexId}/${from.operatorId} ${partitioning} ${to.vertexId}#${inputIndex}`
  })
}

const increment = (value: number): number => value + 1
const count = {
  state: { count: valueState<number>() },
  *process(value: number): Generator<number> {
    yield value
  },
}

const summing = {
  create: () => 0,
  add: (sum: number, value: number) => sum + value,
  merge: (one: number, other: number) => one + other,
  result: (sum: number) => sum,
}

function chainedIds({ chainedTo }: PlanOperator): readonly string[] {
  return chainedTo.map(({ operatorId }) => operatorId)
}

describe('the plan of a job', () => {
  test('chains what follows in the same subtask', () => {
    const job = jobOf((env) => {
      env.source('in', sourceOf<number>()).map(increment).filter(Boolean).sinkTo('out', sinkOf())
    })

    const plan = planOf(job)

    expect(verticesOf(plan)).toEqual(['in(1): in in.map in.map.filter out'])
    expect(plan.edges).toEqual([])
    expect(plan.vertices[0]?.operators.map(chainedIds)).toEqual([
      ['in.map'],
      ['in.map.filter'],
      ['out'],
      [],
    ])
  })

  test('says where records are combined before they are sent', () => {
    const job = jobOf((env) => {
      const keyed = env.source('in', sourceOf<number>()).keyBy(increment)
      keyed.window(tumblingEventTimeWindows(10)).aggregate('sums', summing).sinkTo('a', sinkOf())
      keyed
        .window(tumblingEventTimeWindows(10))
        .reduce('last', (one) => one)
        .sinkTo('b', sinkOf())
    })

    const combinedAt = (parallelism: number): readonly string[] =>
      planOf(job, { parallelism }).edges.flatMap(({ to, combined }) =>
        combined ? [to.vertexId] : [],
      )

    expect(combinedAt(1)).toEqual([])
    expect(combinedAt(2)).toEqual(['sums'])
  })

  test('chains every user of a stream', () => {
    const job = jobOf((env) => {
      const numbers = env.source('in', sourceOf<number>())
      numbers.map(increment).sinkTo('left', sinkOf())
      numbers.map(increment).sinkTo('right', sinkOf())
    })

    const plan = planOf(job)

    expect(verticesOf(plan)).toEqual(['in(1): in in.map left in.map2 right'])
    expect(plan.vertices[0]?.operators.slice(0, 1).map(chainedIds)).toEqual([['in.map', 'in.map2']])
  })

  test.each([
    [
      'a key',
      (env: Env) => env.source('in', sourceOf<number>()).keyBy(increment).process('count', count),
      'hash',
      'count',
    ],
    [
      'a rebalance',
      (env: Env) => env.source('in', sourceOf<number>()).rebalance().map(increment),
      'rebalance',
      'in.map',
    ],
    [
      'a broadcast',
      (env: Env) => env.source('in', sourceOf<number>()).broadcast().map(increment),
      'broadcast',
      'in.map',
    ],
    [
      'a rescale',
      (env: Env) => env.source('in', sourceOf<number>()).rescale().map(increment),
      'rescale',
      'in.map',
    ],
    [
      'a shuffle',
      (env: Env) => env.source('in', sourceOf<number>()).shuffle().map(increment),
      'shuffle',
      'in.map',
    ],
    [
      'the way to one subtask',
      (env: Env) => env.source('in', sourceOf<number>()).global().map(increment),
      'global',
      'in.map',
    ],
    [
      'a partitioner of the job',
      (env: Env) =>
        env.source('in', sourceOf<number>()).partitionCustom(increment, increment).map(increment),
      'custom',
      'in.map',
    ],
  ])('breaks the chain at %s', (_what, build, partitioning, head) => {
    const job = jobOf((env) => build(env).sinkTo('out', sinkOf()), { parallelism: 2 })

    const plan = planOf(job)

    expect(verticesOf(plan)).toEqual(['in(2): in', `${head}(2): ${head} out`])
    expect(edgesOf(plan)).toEqual([`in/in ${partitioning} ${head}#0`])
  })

  test('does not break the chain at a key of one subtask for one subtask', () => {
    const job = jobOf((env) => {
      const numbers = env.source('in', sourceOf<number>())
      numbers.keyBy(increment).process('count', count).sinkTo('out', sinkOf())
    })

    expect(verticesOf(planOf(job))).toEqual(['in(1): in count out'])
  })

  test('keeps side outputs apart from the main output, chained or not', () => {
    const late = outputTag<string>('late')
    const job = jobOf((env) => {
      const counts = env.source('in', sourceOf<number>()).keyBy(increment).process('count', count)
      counts.sinkTo('out', sinkOf())
      counts.sideOutput(late).sinkTo('late', sinkOf())
      counts.sideOutput(late).rebalance().map(String).sinkTo('spread', sinkOf())
    })

    const plan = planOf(job)

    expect(plan.vertices[0]?.operators[1]?.chainedTo).toEqual([
      { operatorId: 'out' },
      { operatorId: 'late', tag: 'late' },
    ])
    expect(plan.edges.map(({ from }) => from)).toEqual([
      { vertexId: 'in', operatorId: 'count', tag: 'late' },
    ])
  })

  test('knows no side output of streams that no operator emits', () => {
    const late = outputTag<string>('late')
    const sideOfUnion = (): unknown =>
      jobOf((env) => {
        const numbers = env.source('in', sourceOf<number>())
        numbers.union(numbers).sideOutput(late)
      })

    expect(sideOfUnion).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID' }))
  })

  test('breaks the chain where streams are united, and numbers the inputs', () => {
    const job = jobOf((env) => {
      const left = env.source('left', sourceOf<number>())
      const right = env.source('right', sourceOf<number>()).map(increment)
      left.union(right).map(increment).sinkTo('out', sinkOf())
    })

    const plan = planOf(job)

    expect(verticesOf(plan)).toEqual([
      'left(1): left',
      'right(1): right right.map',
      'left.map(1): left.map out',
    ])
    expect(edgesOf(plan)).toEqual([
      'left/left forward left.map#0',
      'right/right.map forward left.map#1',
    ])
  })

  test('breaks the chain where the parallelism changes, and goes on in turn', () => {
    const job = jobOf(
      (env) => {
        env
          .source('in', sourceOf<number>())
          .map(increment, { parallelism: 3 })
          .sinkTo('out', sinkOf())
      },
      { parallelism: 2 },
    )

    const plan = planOf(job)

    expect(verticesOf(plan)).toEqual(['in(2): in', 'in.map(3): in.map', 'out(2): out'])
    expect(edgesOf(plan)).toEqual(['in/in rebalance in.map#0', 'in.map/in.map rebalance out#0'])
  })

  test('takes the parallelism of the run, except where the job names one', () => {
    const job = jobOf((env) => {
      env.source('in', sourceOf<number>(), { parallelism: 1 }).sinkTo('out', sinkOf())
    })

    const plan = planOf(job, { parallelism: 5 })

    expect(verticesOf(plan)).toEqual(['in(1): in', 'out(5): out'])
  })

  test.each([0, 129, 1.5, Number.NaN])('refuses a parallelism of %d', (parallelism) => {
    const job = jobOf((env) => {
      env.source('in', sourceOf<number>(), { parallelism }).sinkTo('out', sinkOf())
    })

    const plan = (): unknown => planOf(job)

    expect(plan).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_OPTION_INVALID',
        message: `the parallelism of operator "in" in job "orders" is ${parallelism}`,
      }),
    )
  })

  test('refuses a run with more subtasks than key groups', () => {
    const job = jobOf((env) => env.source('in', sourceOf<number>()).sinkTo('out', sinkOf()), {
      maxParallelism: 4,
    })

    expect(() => planOf(job, { parallelism: 5 })).toThrow(
      expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }),
    )
  })
})

describe('the fingerprint of a plan', () => {
  function fingerprintOf(
    change: { parallelism?: number; id?: string; options?: JobOptions<'exactly-once'> } = {},
  ): string {
    const job = jobOf((env) => {
      const numbers = env.source('in', sourceOf<number>())
      numbers.map(increment).sinkTo(change.id ?? 'out', sinkOf())
    }, change.options)
    return planOf(job, { parallelism: change.parallelism ?? 1 }).fingerprint
  }

  test('is the same for the same definition, in every release', () => {
    expect(fingerprintOf()).toBe(fingerprintOf())
    expect(fingerprintOf()).toBe('567e999503c91a65')
  })

  test.each([
    ['the parallelism', { parallelism: 2 }],
    ['an operator id', { id: 'files' }],
    ['the number of key groups', { options: { maxParallelism: 64 } }],
  ])('changes with %s', (_what, change) => {
    expect(fingerprintOf(change)).not.toBe(fingerprintOf())
  })

  test('does not change with when checkpoints are taken', () => {
    expect(fingerprintOf({ options: { checkpointIntervalMs: 5 } })).toBe(fingerprintOf())
  })
})
