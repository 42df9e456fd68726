import { expect, test } from 'vitest'
import { defineJob } from '../../../src/api/define-job.ts'
import { collectSink } from '../../../src/testing/collect-sink.ts'
import { collectionSource } from '../../../src/testing/collection-source.ts'
import { sinkWithMoments } from '../../../src/testing/moments/sink-moments.ts'
import { sourceWithMoments } from '../../../src/testing/moments/source-moments.ts'
import { runTestJob } from '../../../src/testing/run-test-job.ts'

/** Runs ten numbers through a job, and gives its moments in their order. */
async function momentsOf(
  recordsPerCheckpoint: number,
  options: { readonly failAt?: string; readonly lateFlush?: number } = {},
): Promise<{ readonly moments: readonly string[]; readonly values: readonly number[] }> {
  const { failAt, lateFlush } = options
  const moments: string[] = []
  const reach = (moment: string): void => {
    const first = !moments.includes(moment)
    moments.push(moment)
    if (moment === failAt && first) throw new Error(`failed at ${moment}`)
  }
  const sink = collectSink<number>()
  const numbers = collectionSource([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const job = defineJob('numbers', { checkpointTimeoutMs: 5000 }, (env) => {
    env
      .source('in', {
        ...sourceWithMoments(numbers, { reach, recordsPerCheckpoint }),
        replayable: true,
      })
      .sinkTo('out', {
        ...sinkWithMoments(sink, { reach, comesLate: (flush) => flush === lateFlush }),
        guarantee: 'exactly-once',
      })
  })
  await runTestJob(job)
  return { moments, values: sink.values }
}

function countOf(moments: readonly string[], moment: string): number {
  return moments.filter((each) => each === moment).length
}

test('a sink passes its moments in the order of the contract, and changes nothing', async () => {
  const { moments, values } = await momentsOf(100)

  expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const ofSink = moments.filter((moment) => moment.startsWith('K') && moment !== 'K1')
  expect(ofSink.slice(0, 7)).toEqual(['K2', 'K4', 'K3', 'K5', 'K6', 'K7', 'K8'])
  expect(countOf(moments, 'K1')).toBe(10)
  expect(ofSink).not.toContain('K11')
  expect(ofSink).not.toContain('K12')
})

test('a source emits no more between two checkpoints than it is told to', async () => {
  const { moments, values } = await momentsOf(2)

  expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const pace = moments.filter((moment) => moment === 'S2' || moment === 'S5').join('')
  expect(pace).toMatch(/^((S2){0,2}S5)+(S2){0,2}$/)
  expect(countOf(moments, 'S6')).toBeGreaterThanOrEqual(4)
  expect(countOf(moments, 'S7')).toBe(countOf(moments, 'S6'))
  expect(moments).toContain('K9')
})

test('a restart passes the moments of one', async () => {
  const { moments, values } = await momentsOf(2, { failAt: 'K6' })

  expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(moments).toContain('K12')
})

test('a flush that comes late makes its checkpoint fail, and the next one good', async () => {
  const { moments, values } = await momentsOf(2, { lateFlush: 2 })

  expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(countOf(moments, 'S6')).toBeLessThan(countOf(moments, 'S5'))
})
