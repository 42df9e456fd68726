import { describe, expect, test } from 'vitest'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'

interface Order {
  readonly user: string
  readonly amount: number
}

const orders: readonly Order[] = [
  { user: 'ann', amount: 1 },
  { user: 'bob', amount: 2 },
  { user: 'ann', amount: 3 },
]

describe('a job in a test', () => {
  test.each([1, 3])('writes what it computes, with %i subtasks', async (parallelism) => {
    const results = collectSink<string>()
    const job = defineJob('totals', {}, (env) => {
      env
        .source('orders', collectionSource(orders))
        .keyBy(({ user }) => user)
        .process('total', {
          state: { sum: valueState<number>() },
          process({ amount }, { sum }, { key }) {
            sum.set((sum.get() ?? 0) + amount)
            return [`${key}: ${sum.get()}`]
          },
        })
        .sinkTo('out', results)
    })

    await runTestJob(job, { parallelism })

    expect(results.values.toSorted()).toEqual(['ann: 1', 'ann: 4', 'bob: 2'])
  })

  test('has the timestamps and watermarks of its source', async () => {
    const fired = collectSink<string>()
    const source = collectionSource([1, 2, 3, 7], {
      timestamps: (value) => value * 10,
      watermarks: (value) => (value === 3 ? 25 : undefined),
    })
    const job = defineJob('timers', {}, (env) => {
      env
        .source('numbers', source)
        .keyBy(() => 'all')
        .process('timers', {
          state: {},
          process(_value, _state, { timers, timestamp, watermark }) {
            timers.registerEventTime(timestamp ?? 0)
            return [`${timestamp} at ${watermark}`]
          },
          onTimer: (timestamp) => [`timer ${timestamp}`],
        })
        .sinkTo('out', fired)
    })

    await runTestJob(job)

    expect(fired.values).toEqual([
      '10 at -Infinity',
      '20 at -Infinity',
      '30 at -Infinity',
      'timer 10',
      'timer 20',
      '70 at 25',
      'timer 30',
      'timer 70',
    ])
  })

  test('writes everything once when it fails and is started again', async () => {
    let failures = 0
    const { job, results } = copyJob((value) => {
      if (value === 700 && failures < 2) {
        failures += 1
        throw new Error('again')
      }
      return value
    })

    await runTestJob(job)

    expect(failures).toBe(2)
    expect(results.values).toEqual(Array.from({ length: 1000 }, (_, index) => index))
  })

  test('rejects with what makes it fail', async () => {
    const { job } = copyJob((): number => {
      throw new Error('never')
    })

    await expect(runTestJob(job)).rejects.toMatchObject({ code: 'FLINKTS_RESTARTS_EXHAUSTED' })
  })

  test('rejects if it takes too long', async () => {
    const { job } = copyJob((): number => {
      throw new Error('never')
    })

    await expect(runTestJob(job, { timeMaxMs: 100 })).rejects.toMatchObject({
      code: 'FLINKTS_TEST_INVALID',
      message: 'job "copy" did not end within 100 ms',
    })
  })
})

function copyJob(map: (value: number) => number): {
  readonly job: JobDefinition
  readonly results: { readonly values: readonly number[] }
} {
  const results = collectSink<number>()
  const numbers = Array.from({ length: 1000 }, (_, index) => index)
  const job = defineJob('copy', {}, (env) => {
    env.source('numbers', collectionSource(numbers)).map(map).sinkTo('out', results)
  })
  return { job, results }
}
