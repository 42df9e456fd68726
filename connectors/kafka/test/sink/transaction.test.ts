import { ManualScheduler } from '@flinkts/core/testing'
import { expect, test } from 'vitest'
import { Transaction } from '../../src/sink/transaction.ts'
import { AppendLog } from '../support/append-log.ts'
import { countedMetrics, producerOptions, recordOf } from '../support/producer-fixture.ts'

/** A transaction over a log; its coordinators answer at once. */
function startTransaction() {
  const scheduler = new ManualScheduler()
  const log = new AppendLog('t', [1], scheduler)
  const calls: string[] = []
  const called = (name: string) => async (): Promise<void> => void calls.push(name)
  const transaction = new Transaction({
    cluster: {
      metadata: { ...log.metadata, clusterId: 'c1' },
      produce: (nodeId, request) => log.produce(nodeId, request),
      transactions: {
        addPartitions: called('partitions'),
        addOffsets: called('group'),
        commitOffsets: called('marker'),
        end: async () => 'done',
      },
    },
    producer: {
      clock: scheduler,
      scheduler,
      random: () => 0,
      options: producerOptions,
      metrics: countedMetrics().metrics,
    },
    reserved: {
      slot: 0,
      transactionalId: 'job-0',
      identity: Promise.resolve({ producerId: 7, producerEpoch: 1 }),
    },
    previousFlushed: Promise.resolve(),
    markerGroupId: 'job-commits',
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  })
  const write = (value: string): void => {
    transaction.recordCount += 1
    // Waits until the topic is found; a flush waits for it.
    void transaction.producer.write(recordOf('t', value))
  }
  return { transaction, scheduler, log, calls, write }
}

test('is prepared when its last record is acknowledged, not when it is marked', async () => {
  const { transaction, scheduler, log, calls, write } = startTransaction()
  write('a')
  await scheduler.advance(100)
  log.latencyMs = () => 1_000
  write('b')
  const prepared = transaction.prepare(1, transaction.producer.flush())
  const state = { pending: true }
  void prepared.then(() => {
    state.pending = false
  })

  await scheduler.advance(500)
  expect([calls, state.pending]).toEqual([['partitions', 'group', 'marker'], true])
  await scheduler.advance(1_000)

  expect(await prepared).toMatchObject({ records: 2, producerId: 7, producerEpoch: 1 })
  expect(log.values[0]).toEqual(['a', 'b'])
})

test('is marked behind its first partition when that was not known at the barrier', async () => {
  const { transaction, scheduler, calls, write } = startTransaction()
  write('a')
  const prepared = transaction.prepare(1, transaction.producer.flush())

  await scheduler.advance(1_000)

  expect(await prepared).toMatchObject({ checkpointId: 1, marker: { topic: 't', partition: 0 } })
  expect(calls).toEqual(['partitions', 'group', 'marker'])
})
