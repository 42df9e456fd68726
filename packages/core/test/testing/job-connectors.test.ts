import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { connectorsOf, withConnectors } from '../../src/testing/job-connectors.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'

const out = collectSink<number>()
const job = defineJob('doubles', { parallelism: 2 }, (env) => {
  env
    .source('in', collectionSource([1, 2]))
    .map((value) => value * 2)
    .sinkTo('out', out)
})

test('a job has its sources and sinks by operator id', () => {
  const { sources, sinks } = connectorsOf(job)

  expect([...sources.keys()]).toEqual(['in'])
  expect(sinks.get('out')).toBe(out)
})

test('a job runs over other sources and sinks', async () => {
  const other = collectSink<unknown>()

  await runTestJob(
    withConnectors(job, {
      sources: new Map([['in', collectionSource([10, 20, 30])]]),
      sinks: new Map([['out', other]]),
    }),
  )

  expect(other.values).toEqual([20, 40, 60])
  expect(out.values).toEqual([])
})

test('what is not replaced stays, and options that are not given do', () => {
  const none = { sources: new Map(), sinks: new Map() }

  const changed = withConnectors(job, none, { checkpointIntervalMs: 5 })

  expect(connectorsOf(changed)).toEqual(connectorsOf(job))
  expect(changed.options).toEqual({ ...job.options, checkpointIntervalMs: 5 })
})

test('options are checked as those of any job', () => {
  const none = { sources: new Map(), sinks: new Map() }

  expect(() => withConnectors(job, none, { parallelism: 0 })).toThrow('option "parallelism"')
})
