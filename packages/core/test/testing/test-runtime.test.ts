import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { TestRuntime } from '../../src/testing/test-runtime.ts'

test('a job that takes too long is cancelled', async () => {
  const runtime = new TestRuntime()
  const job = defineJob(
    'fails',
    { restart: { type: 'fixed-delay', attemptsMax: 9, delayMs: 80 } },
    (env) => {
      env
        .source('numbers', collectionSource([1]))
        .map((): number => {
          throw new Error('never')
        })
        .sinkTo('out', collectSink())
    },
  )
  const handle = runtime.start(job)

  await expect(runtime.end(handle, 200)).rejects.toMatchObject({ code: 'FLINKTS_TEST_INVALID' })

  expect(handle.status).toBe('cancelled')
})
