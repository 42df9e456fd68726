import { describe, expect, test } from 'vitest'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import type { RestartStrategy } from '../../src/scheduler/restart-strategy.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import { collectSink, type CollectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { TestRuntime } from '../../src/testing/test-runtime.ts'

interface Order {
  readonly customer: string
  readonly amount: number
}

const orders: readonly Order[] = Array.from({ length: 60 }, (_, index) => ({
  customer: `customer ${index % 7}`,
  amount: index,
}))

const none: RestartStrategy = { type: 'none' }

function failureOf(runtime: TestRuntime, job: JobDefinition): Promise<unknown> {
  return runtime.end(runtime.start(job)).catch((cause: unknown) => cause)
}

/** Sums the amounts of each customer. */
function sumJob(
  results: CollectSink<string> = collectSink(),
  selectKey: (order: Order) => string = ({ customer }) => customer,
): JobDefinition {
  return defineJob('sums', { restart: none }, (env) => {
    env
      .source('orders', collectionSource(orders))
      .keyBy(selectKey)
      .process('sum', {
        state: { total: valueState<number>() },
        process: ({ amount }, { total }, { key }) => {
          const sum = (total.get() ?? 0) + amount
          total.set(sum)
          return [`${key}: ${sum}`]
        },
      })
      .sinkTo('out', results)
  })
}

function expectedSums(): readonly string[] {
  const totals = new Map<string, number>()
  return orders.map(({ customer, amount }) => {
    const sum = (totals.get(customer) ?? 0) + amount
    totals.set(customer, sum)
    return `${customer}: ${sum}`
  })
}

describe('a job that is started', () => {
  test.each([1, 3])('runs a bounded input to its end with %i subtasks', async (parallelism) => {
    const runtime = new TestRuntime()
    const results = collectSink<string>()
    const handle = runtime.start(sumJob(results), { parallelism })

    const outcome = await runtime.end(handle)

    expect(outcome).toBe('finished')
    expect(handle.status).toBe('finished')
    expect(results.values.toSorted()).toEqual(expectedSums().toSorted())
  })

  test.each([
    { threads: 1, parallelism: 3 },
    { threads: 2, parallelism: 3 },
    { threads: 4, parallelism: 2 },
  ])('gives the same with $threads threads', async (options) => {
    const runtime = new TestRuntime()
    const results = collectSink<string>()

    const outcome = await runtime.end(runtime.start(sumJob(results), options))

    expect(outcome).toBe('finished')
    expect(results.values.toSorted()).toEqual(expectedSums().toSorted())
  })

  test.each([0, 2])('counts what it read and wrote, with %i threads', async (threads) => {
    const runtime = new TestRuntime()
    const handle = runtime.start(sumJob(), { parallelism: 2, threads })

    await runtime.end(handle)

    const { values, completedCheckpoints, failedCheckpoints } = handle.metrics()
    const valueOf = (operatorId: string, name: string): number | undefined =>
      values
        .filter((metric) => metric.operatorId === operatorId && metric.name === name)
        .reduce<number | undefined>((sum, { value }) => (sum ?? 0) + value, undefined)
    expect(valueOf('orders', 'recordsRead')).toBe(60)
    expect(valueOf('orders', 'recordsOut')).toBe(60)
    expect(valueOf('sum', 'recordsIn')).toBe(60)
    expect(valueOf('out', 'recordsWritten')).toBe(60)
    expect({ completedCheckpoints, failedCheckpoints }).toEqual({
      completedCheckpoints: 1,
      failedCheckpoints: 0,
    })
  })

  test('names the operator and the record when a key selector throws', async () => {
    const runtime = new TestRuntime()
    const failing = ({ amount }: Order): string => {
      if (amount === 13) throw new Error('unlucky')
      return 'key'
    }

    const outcome = await failureOf(runtime, sumJob(undefined, failing))

    expect(outcome).toMatchObject({
      code: 'FLINKTS_USER_FUNCTION_FAILED',
      message:
        'the function of operator "sum" threw "unlucky" ' +
        'for the record {"customer":"customer 6","amount":13}',
    })
  })

  test('names the operator that was given something that is no key', async () => {
    const runtime = new TestRuntime()
    const noKey = (order: Order): string => JSON.parse(`[${order.amount}, null]`) as string

    const outcome = await failureOf(runtime, sumJob(undefined, noKey))

    expect(outcome).toMatchObject({
      code: 'FLINKTS_KEY_INVALID',
      message: expect.stringMatching(/^operator "sum" was given /) as string,
    })
  })
})

describe('a job that is started again', () => {
  async function finished(): Promise<{
    readonly runtime: TestRuntime
    readonly results: CollectSink<string>
  }> {
    const runtime = new TestRuntime()
    const results = collectSink<string>()
    await runtime.end(runtime.start(sumJob(results), { parallelism: 2 }))
    return { runtime, results }
  }

  test.each([1, 2, 3])('has its state again with %i subtasks', async (parallelism) => {
    const { runtime, results } = await finished()
    const more = defineJob('sums', { restart: none }, (env) => {
      env
        .source('orders', collectionSource([...orders, { customer: 'customer 0', amount: 1000 }]))
        .keyBy(({ customer }) => customer)
        .process('sum', {
          state: { total: valueState<number>() },
          process: ({ amount }, { total }) => [`${(total.get() ?? 0) + amount}`],
        })
        .sinkTo('out', results)
    })

    await runtime.end(runtime.start(more, { parallelism }))

    const before = orders.filter(({ customer }) => customer === 'customer 0')
    const sum = before.reduce((total, { amount }) => total + amount, 1000)
    expect(results.values.slice(0, 60).toSorted()).toEqual(expectedSums().toSorted())
    expect(results.values.slice(60)).toEqual([`${sum}`])
  })

  test('refuses to go on if a file of its state is gone', async () => {
    const { runtime, results } = await finished()
    const path = runtime.disk.paths().find((candidate) => candidate.endsWith('.state')) ?? ''
    runtime.disk.damage(path, undefined)

    const outcome = await failureOf(runtime, sumJob(results))

    expect(outcome).toMatchObject({ code: 'FLINKTS_CHECKPOINT_CORRUPT' })
    expect(outcome).toMatchObject({ message: expect.stringContaining(path) as string })
  })

  test('refuses to go on if the content of a file of its state has changed', async () => {
    const { runtime, results } = await finished()
    const path = runtime.disk.paths().find((candidate) => candidate.endsWith('.state')) ?? ''
    const bytes = runtime.disk.content(path)?.slice() ?? new Uint8Array()
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    runtime.disk.damage(path, bytes)

    const outcome = await failureOf(runtime, sumJob(results))

    expect(outcome).toMatchObject({ code: 'FLINKTS_CHECKPOINT_CORRUPT' })
  })
})
