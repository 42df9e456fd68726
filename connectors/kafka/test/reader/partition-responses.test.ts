import { silentLogger } from '@flinkts/core/connector'
import { expect, test } from 'vitest'
import { openCluster } from '../../src/runtime/open-cluster.ts'
import { resolveKafkaSourceOptions } from '../../src/options.ts'
import { kafkaErrors } from '../../src/protocol/error-codes.ts'
import type { FetchPartitionResponse } from '../../src/protocol/fetch.ts'
import { FetchState } from '../../src/reader/fetch-state.ts'
import { PartitionResponses } from '../../src/reader/partition-responses.ts'
import { batchOf, valuesOf } from '../records/batches.ts'
import { environment } from '../support/cluster-fixture.ts'

const answer: FetchPartitionResponse = {
  partition: 0,
  errorCode: 0,
  highWatermark: 9,
  lastStableOffset: 7,
  logStartOffset: 0,
  divergingEpoch: undefined,
  currentLeader: undefined,
  abortedTransactions: [],
  preferredReadReplica: -1,
  records: Buffer.alloc(0),
}

/** A partition at offset 5, and what takes answers for it; nobody is connected to. */
function open() {
  const options = resolveKafkaSourceOptions({ connection: { brokers: 'nobody:1' }, topics: ['t'] })
  const cluster = openCluster(options.connection, environment)
  const context = { ...environment, options, logger: silentLogger, cluster }
  const pushed: { readonly fetchOffset: number }[] = []
  const split = { splitId: 't:0', topic: 't', partition: 0, nextOffset: 5, leaderEpoch: 3 }
  const target = {
    split,
    bufferedBytes: 0,
    ended: false,
    push: (fetched: { readonly fetchOffset: number }) => {
      pushed.push(fetched)
    },
  }
  const state = new FetchState(target, 1_000)
  return { state, pushed, responses: new PartitionResponses(context, () => undefined) }
}

test('goes on behind the records, and knows where those that are stable end', async () => {
  const { state, pushed, responses } = open()
  const records = batchOf(valuesOf('a', 'b'), { baseOffset: 5 })

  expect(await responses.take(state, { ...answer, records })).toBeUndefined()

  expect(pushed).toMatchObject([{ fetchOffset: 5 }])
  expect(state).toMatchObject({ fetchOffset: 7, endOffset: 7 })
})

test('asks for more bytes when the answer holds only the beginning of a batch', async () => {
  const { state, pushed, responses } = open()
  const batch = batchOf(valuesOf('x'.repeat(2_000)), { baseOffset: 5 })

  await responses.take(state, { ...answer, records: batch.subarray(0, 1_000) })

  expect(pushed).toEqual([])
  expect(state).toMatchObject({ fetchOffset: 5, partitionBytesMax: batch.length })
})

test('gives back an error that another leader may not have', async () => {
  const { state, responses } = open()

  const error = await responses.take(state, {
    ...answer,
    errorCode: kafkaErrors.NOT_LEADER_OR_FOLLOWER,
  })

  expect(error).toMatchObject({ code: 'FLINKTS_KAFKA_UNAVAILABLE' })
})

test('fails when the log lost what was read', async () => {
  const { state, pushed, responses } = open()

  await expect(
    responses.take(state, {
      ...answer,
      divergingEpoch: { epoch: 2, endOffset: 4 },
      records: batchOf(valuesOf('other'), { baseOffset: 5 }),
    }),
  ).rejects.toMatchObject({
    code: 'FLINKTS_KAFKA_LOG_TRUNCATED',
    message: expect.stringContaining('from offset 4 on') as string,
  })
  expect(pushed).toEqual([])
})

test('fails at a right that is missing', async () => {
  const { state, responses } = open()

  await expect(
    responses.take(state, { ...answer, errorCode: kafkaErrors.TOPIC_AUTHORIZATION_FAILED }),
  ).rejects.toMatchObject({ code: 'FLINKTS_KAFKA_PERMISSION_DENIED' })
})
