import { describe, expect, test } from 'vitest'
import { addOffsetsToTxnApi } from '../../src/protocol/add-offsets-to-txn.ts'
import { endTxnApi } from '../../src/protocol/end-txn.ts'
import { findCoordinatorApi } from '../../src/protocol/find-coordinator.ts'
import { listOffsetsApi } from '../../src/protocol/list-offsets.ts'
import { listTransactionsApi } from '../../src/protocol/list-transactions.ts'
import { metadataApi } from '../../src/protocol/metadata.ts'
import { txnOffsetCommitApi } from '../../src/protocol/txn-offset-commit.ts'
import { openCluster } from '../support/cluster-fixture.ts'
import { compactBody, FakeBroker, type FakeAnswer, metadataBody } from '../support/fake-broker.ts'

const transaction = { transactionalId: 'tid', producerId: 1, producerEpoch: 1 }

/** One number after the other, the last of them for ever. */
function inTurn(numbers: readonly number[]): () => number {
  let count = 0
  return () => numbers[Math.min(count++, numbers.length - 1)] ?? 0
}

/** Error codes in turn. */
function errorCodes(codes: readonly number[]): FakeAnswer {
  const next = inTurn(codes)
  return () =>
    compactBody((writer) => {
      writer.int32(0)
      writer.int16(next())
    })
}

/** The same of the partition 0 of the topic `t`. */
function offsetCommitAnswers(codes: readonly number[]): FakeAnswer {
  const next = inTurn(codes)
  return () =>
    compactBody((writer) => {
      writer.int32(0)
      writer.array([next()], (to, its) => {
        to.string('t')
        to.array([its], (partition, errorCode) => {
          partition.int32(0)
          partition.int16(errorCode)
          partition.noTags()
        })
        to.noTags()
      })
    })
}

const foundAtNode1: FakeAnswer = () =>
  compactBody((writer) => {
    writer.int32(0)
    writer.int16(0)
    writer.nullableString(undefined)
    writer.int32(1)
    writer.string('127.0.0.1')
    writer.int32(1)
  })

/** A topic of one partition, led by node 1. */
function topicAt(broker: () => FakeBroker, leaderEpochs: readonly number[]): FakeAnswer {
  const next = inTurn(leaderEpochs)
  return () =>
    metadataBody(broker().port, {
      errorCode: 0,
      leaderId: 1,
      leaderEpoch: next(),
      replicaIds: [1],
      inSyncReplicaIds: [1],
      offlineReplicaIds: [],
    })
}

const countOf = (broker: FakeBroker, request: string): number =>
  broker.requests.filter((one) => one === request).length

describe('ending a transaction', () => {
  test.each([
    [0, 'done'],
    [90, 'fenced'],
    [47, 'fenced'],
    [48, 'invalid-state'],
    [49, 'unknown-id'],
    [105, 'unknown-id'],
  ] as const)('tells the error code %i as %s', async (code, outcome) => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([code]),
    })
    await using cluster = openCluster({ brokers: broker.address })

    expect(await cluster.transactions.end(transaction, 'commit')).toBe(outcome)
    expect(countOf(broker, '26 v3')).toBe(1)
  })

  test.each([
    [53, 'FLINKTS_KAFKA_PERMISSION_DENIED'],
    [42, 'FLINKTS_KAFKA_REQUEST_REFUSED'],
    [9999, 'FLINKTS_KAFKA_REQUEST_REFUSED'],
  ] as const)('fails with the error code %i', async (code, expected) => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([code]),
    })
    await using cluster = openCluster({ brokers: broker.address })

    await expect(cluster.transactions.end(transaction, 'commit')).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining('committing the transaction failed for') as string,
    })
  })

  test('is tried again while the coordinator is busy, without looking it up again', async () => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([51, 51, 0]),
    })
    await using cluster = openCluster({ brokers: broker.address })

    expect(await cluster.transactions.end(transaction, 'commit')).toBe('done')
    expect(countOf(broker, '26 v3')).toBe(3)
    expect(countOf(broker, '10 v3')).toBe(1)
  })

  test.each([14, 15, 16])('looks the coordinator up again after the code %i', async (code) => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([code, 0]),
    })
    await using cluster = openCluster({ brokers: broker.address })

    expect(await cluster.transactions.end(transaction, 'abort')).toBe('done')
    expect(countOf(broker, '10 v3')).toBe(2)
  })

  // P1: a producer of kafkajs is stuck after an error of EndTxn.
  test('can be done after it failed, and so can that of others', async () => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([16, 51, 42, 90, 0]),
    })
    await using cluster = openCluster({ brokers: broker.address })
    const other = { ...transaction, transactionalId: 'other' }
    const { transactions } = cluster

    await expect(transactions.end(transaction, 'commit')).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_REQUEST_REFUSED',
    })
    expect(await transactions.end(transaction, 'commit')).toBe('fenced')
    expect(await transactions.end(transaction, 'commit')).toBe('done')
    expect(await transactions.end(other, 'abort')).toBe('done')
  })

  test('is repeated when its answer was lost', async () => {
    let lost = false
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: (request) => {
        if (lost) return errorCodes([0])(request)
        lost = true
        request.socket.resetAndDestroy()
        return undefined
      },
    })
    await using cluster = openCluster({ brokers: broker.address })

    expect(await cluster.transactions.end(transaction, 'commit')).toBe('done')
    expect(countOf(broker, '26 v3')).toBe(2)
  })

  test('is given up when the time is over', async () => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([51]),
    })
    await using cluster = openCluster({ brokers: broker.address })

    await expect(
      cluster.transactions.end(transaction, 'commit', { timeoutMs: 60 }),
    ).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_UNAVAILABLE',
      message: expect.stringContaining('CONCURRENT_TRANSACTIONS (51)') as string,
    })
  })

  test('is not tried again once the cluster is closed', async () => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: () => undefined,
    })
    const cluster = openCluster({ brokers: broker.address })
    const ending = cluster.transactions.end(transaction, 'commit')
    ending.catch(() => undefined)
    await expect.poll(() => countOf(broker, '26 v3')).toBe(1)

    await cluster.close()

    await expect(ending).rejects.toMatchObject({ code: 'FLINKTS_KAFKA_CONNECTION_LOST' })
  })

  test('ends at once when it is aborted', async () => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [endTxnApi.key]: errorCodes([51]),
    })
    await using cluster = openCluster({ brokers: broker.address })
    const abort = new AbortController()
    const { signal } = abort
    const ending = cluster.transactions.end(transaction, 'commit', { signal })
    ending.catch(() => undefined)
    await expect.poll(() => countOf(broker, '26 v3')).toBeGreaterThan(1)

    abort.abort(new Error('enough'))

    await expect(ending).rejects.toThrow('enough')
  })
})

describe('committing offsets in a transaction', () => {
  // P2: kafkajs knows none of these codes by the name that its own list of codes has for them.
  test.each([14, 15, 16])('is tried again at the coordinator after the code %i', async (code) => {
    await using broker = await FakeBroker.start({
      [findCoordinatorApi.key]: foundAtNode1,
      [addOffsetsToTxnApi.key]: errorCodes([code, 0]),
      [txnOffsetCommitApi.key]: offsetCommitAnswers([code, 0]),
    })
    await using cluster = openCluster({ brokers: broker.address })
    const { transactions } = cluster
    const offset = { topic: 't', partition: 0, offset: 7, leaderEpoch: -1, metadata: '' }

    await transactions.addOffsets(transaction, 'group')
    await transactions.commitOffsets(transaction, 'group', [offset])

    expect(countOf(broker, `${addOffsetsToTxnApi.key} v3`)).toBe(2)
    expect(countOf(broker, `${txnOffsetCommitApi.key} v3`)).toBe(2)
  })
})

test('a partition is asked for once in a call: an answer names nothing else', async () => {
  await using broker: FakeBroker = await FakeBroker.start({
    [metadataApi.key]: topicAt(() => broker, [1]),
  })
  await using cluster = openCluster({ brokers: broker.address })
  const queries = [
    { topic: 'topic', partition: 0, at: 'earliest' as const },
    { topic: 'topic', partition: 0, at: 'latest' as const },
  ]

  await expect(cluster.offsets.list(queries, 'read-committed')).rejects.toThrow(
    'a partition is asked for once',
  )
})

describe('the metadata', () => {
  test('keeps the leader of the larger epoch, whatever a broker that lags says', async () => {
    await using broker: FakeBroker = await FakeBroker.start({
      [metadataApi.key]: topicAt(() => broker, [5, 4, 6]),
    })
    await using cluster = openCluster({ brokers: broker.address })
    const epochs: unknown[] = []

    for (let round = 0; round < 3; round++) {
      await cluster.metadata.refresh(['topic'])
      epochs.push(cluster.metadata.leaderOf({ topic: 'topic', partition: 0 })?.leaderEpoch)
    }

    expect(epochs).toEqual([5, 5, 6])
  })

  test('is asked for once, as long as it is fresh and whole', async () => {
    await using broker: FakeBroker = await FakeBroker.start({
      [metadataApi.key]: topicAt(() => broker, [1]),
    })
    await using cluster = openCluster({ brokers: broker.address })

    await cluster.metadata.topics(['topic'])
    await cluster.metadata.topics(['topic'])
    expect(countOf(broker, '3 v12')).toBe(1)
    await cluster.metadata.topics(['another'])

    expect(countOf(broker, '3 v12')).toBe(2)
  })

  test('comes from another broker if the first one is away', async () => {
    const gone = await FakeBroker.start()
    await gone[Symbol.asyncDispose]()
    await using broker = await FakeBroker.start()
    await using cluster = openCluster({ brokers: [gone.address, broker.address] })

    await cluster.metadata.refresh([])

    expect(cluster.metadata.brokers.get(1)?.port).toBe(broker.port)
  })

  test('names all brokers if none of them is there', async () => {
    const brokers = [await FakeBroker.start(), await FakeBroker.start()]
    const addresses = brokers.map(({ address }) => address)
    for (const broker of brokers) await broker[Symbol.asyncDispose]()
    await using cluster = openCluster({ brokers: addresses })

    await expect(cluster.metadata.refresh([])).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_UNREACHABLE',
      message: expect.stringContaining(`("${addresses.join('", "')}")`) as string,
    })
  })
})

test('the transactions of a cluster are not told without those of every broker', async () => {
  await using broker = await FakeBroker.start({
    [listTransactionsApi.key]: () =>
      compactBody((writer) => {
        writer.int32(0)
        writer.int16(14)
        writer.stringArray([])
        writer.stringArray([])
      }),
  })
  await using cluster = openCluster({ brokers: broker.address })

  await expect(
    cluster.transactions.list(
      { states: ['Ongoing'], transactionalIdPattern: undefined },
      { timeoutMs: 60 },
    ),
  ).rejects.toMatchObject({
    code: 'FLINKTS_KAFKA_UNAVAILABLE',
    message: expect.stringContaining('COORDINATOR_LOAD_IN_PROGRESS') as string,
  })
})

test('offsets are told although their leader is away: with an error', async () => {
  await using broker: FakeBroker = await FakeBroker.start({
    [metadataApi.key]: topicAt(() => broker, [1]),
    [listOffsetsApi.key]: ({ socket }) => {
      socket.resetAndDestroy()
      return undefined
    },
  })
  await using cluster = openCluster({ brokers: broker.address })
  const query = { topic: 'topic', partition: 0, at: 'latest' } as const

  const answers = await cluster.offsets.list([query], 'read-committed', { timeoutMs: 60 })

  expect(answers).toEqual([
    { topic: 'topic', partition: 0, errorCode: 13, timestamp: -1, offset: -1, leaderEpoch: -1 },
  ])
})

test('an offset that the leader says nothing of is an error, not silence', async () => {
  await using broker: FakeBroker = await FakeBroker.start({
    [metadataApi.key]: topicAt(() => broker, [1]),
    [listOffsetsApi.key]: () =>
      compactBody((writer) => {
        writer.int32(0)
        writer.stringArray([])
      }),
  })
  await using cluster = openCluster({ brokers: broker.address })
  const query = { topic: 'topic', partition: 0, at: 'latest' } as const

  await expect(cluster.offsets.list([query], 'read-committed')).rejects.toMatchObject({
    code: 'FLINKTS_KAFKA_PROTOCOL_VIOLATED',
    message: expect.stringContaining('the partition 0 of the topic "topic"') as string,
  })
})
