import { FlinktsError } from '@flinkts/core/connector'
import { ManualScheduler } from '@flinkts/core/testing'
import { expect, test } from 'vitest'
import { retryUntilDone } from '../../src/cluster/retry.ts'

// P9: kafkajs waits for 300 ms at least until it asks again whether a transaction has ended.
test('the first pauses are as short as the end of a transaction', async () => {
  const scheduler = new ManualScheduler()
  const closing = new AbortController().signal
  const context = { clock: scheduler, scheduler, random: () => 0.5, closing }
  const error = new FlinktsError('FLINKTS_KAFKA_UNAVAILABLE', 'busy')
  const askedAtMs: number[] = []
  const start = scheduler.monotonic()

  const ended = retryUntilDone(context, {}, async () => {
    askedAtMs.push(scheduler.monotonic() - start)
    return askedAtMs.length < 4 ? { type: 'again', error } : { type: 'done', value: 'done' }
  })
  await scheduler.advance(1_000)

  expect(await ended).toBe('done')
  expect(askedAtMs).toEqual([0, 20, 60, 140])
})
