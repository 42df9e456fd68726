import { defineJob } from '@flinkts/core'
import { collectionSource, collectSink, runTestJob } from '@flinkts/core/testing'
import { expect, test } from 'vitest'

test('keeps what is above a hundred', async () => {
  const results = collectSink<string>()
  const job = defineJob('large-orders', {}, (env) => {
    env
      .source('orders', collectionSource([20, 120, 99, 300]))
      .filter((amount) => amount > 100)
      .map((amount) => `large order: ${amount}`)
      .sinkTo('out', results)
  })

  await runTestJob(job)

  expect(results.values).toEqual(['large order: 120', 'large order: 300'])
})
