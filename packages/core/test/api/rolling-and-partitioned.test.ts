import { describe, expect, test } from 'vitest'
import type { DataStream } from '../../src/api/data-stream.ts'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import { explainJob } from '../../src/api/explain-job.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'

interface Sale {
  readonly shop: string
  readonly cents: number
}

const sales: readonly Sale[] = [
  { shop: 'a', cents: 5 },
  { shop: 'b', cents: 1 },
  { shop: 'a', cents: 2 },
  { shop: 'a', cents: 7 },
]

type Sales = DataStream<Sale, 'exactly-once'>

async function outputOf(build: (stream: Sales) => Sales): Promise<readonly Sale[]> {
  const results = collectSink<Sale>()
  const job = defineJob('sales', {}, (env) => {
    build(env.source('in', collectionSource(sales))).sinkTo('out', results)
  })
  await runTestJob(job)
  return results.values
}

describe('a rolling aggregate', () => {
  test.each([
    ['reduce', (stream: Sales) => keyed(stream).reduce('r', (_one, two) => two)],
    ['sum', (stream: Sales) => keyed(stream).sum('r', 'cents')],
    ['min', (stream: Sales) => keyed(stream).min('r', 'cents')],
    ['max', (stream: Sales) => keyed(stream).max('r', 'cents')],
    ['minBy', (stream: Sales) => keyed(stream).minBy('r', 'cents')],
    ['maxBy', (stream: Sales) => keyed(stream).maxBy('r', ({ cents }) => cents)],
  ])('%s emits for each record what its key comes to', async (what, build) => {
    const expected: Record<string, readonly number[]> = {
      reduce: [5, 1, 2, 7],
      sum: [5, 1, 7, 14],
      min: [5, 1, 2, 2],
      max: [5, 1, 5, 7],
      minBy: [5, 1, 2, 2],
      maxBy: [5, 1, 5, 7],
    }

    const output = await outputOf(build)

    expect(output.map(({ cents }) => cents)).toEqual(expected[what])
  })

  test('is explained with its state', () => {
    const job = jobOf((stream) => keyed(stream).sum('total', 'cents'))

    const { plan, states } = explainJob(job)

    const operators = plan.vertices.flatMap((vertex) => vertex.operators)
    expect(operators.find(({ operatorId }) => operatorId === 'total')?.type).toBe('reduce')
    expect(states).toContainEqual(
      expect.objectContaining({ operatorId: 'total', state: 'state "reduced" (value)' }),
    )
  })
})

describe('a partitioned stream', () => {
  test.each([
    ['rescaled', (stream: Sales) => stream.rescale()],
    ['shuffled', (stream: Sales) => stream.shuffle()],
    ['global', (stream: Sales) => stream.global()],
    [
      'partitioned by the job',
      (stream: Sales) =>
        stream.partitionCustom(
          (cents: number) => cents % 2,
          ({ cents }) => cents,
        ),
    ],
  ])('loses nothing when %s', async (_what, partition) => {
    const output = await outputOf((stream) =>
      partition(stream.map((sale) => sale, { parallelism: 2 })).map((sale) => sale, {
        parallelism: 3,
      }),
    )

    const cents = output.map((sale) => sale.cents)
    expect(cents.toSorted((left, right) => left - right)).toEqual([1, 2, 5, 7])
  })

  test('fails the job when its partitioner chooses a subtask that does not exist', async () => {
    const job = jobOf((stream) =>
      stream.partitionCustom(
        (cents: number) => cents,
        ({ cents }) => cents,
      ),
    )

    await expect(runTestJob(job)).rejects.toMatchObject({
      code: 'FLINKTS_PARTITION_INVALID',
      message:
        'the partitioner before operator "out" chose subtask 5 for the record ' +
        '{"shop":"a","cents":5}',
    })
  })
})

function keyed(stream: Sales): ReturnType<typeof stream.keyBy<string>> {
  return stream.keyBy(({ shop }) => shop)
}

function jobOf(build: (stream: Sales) => Sales): JobDefinition {
  return defineJob('sales', {}, (env) => {
    build(env.source('in', collectionSource(sales))).sinkTo('out', collectSink())
  })
}
