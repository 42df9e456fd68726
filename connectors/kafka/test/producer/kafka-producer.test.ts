import { FlinktsError } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import type { ProducerSession } from '../../src/producer/kafka-producer.ts'
import { batchLayout } from '../../src/records/record-batch.ts'
import { PartitionQueue, PendingBatch, WriterPool } from '../../src/producer/partition-queue.ts'
import { producerOptions, recordOf } from '../support/producer-fixture.ts'
import { startProducer } from '../support/producer-run.ts'
import { readAll } from '../records/batches.ts'

const codeOf = (code: string): unknown => expect.objectContaining({ code })

describe('a producer', () => {
  test('sends nothing before its session is there, and then everything', async () => {
    const session = Promise.withResolvers<ProducerSession>()
    const { producer, log, scheduler, write, ended } = startProducer(
      {},
      { session: session.promise },
    )
    await write(recordOf('t', 'a', { partition: 0 }))
    const flushed = producer.flush()
    await scheduler.advance(60_000)
    expect(log.requests).toEqual([])

    session.resolve({ identity: undefined, transaction: undefined })
    await ended(flushed)

    expect(log.values[0]).toEqual(['a'])
  })

  test('tells the failure of its session to whoever writes or flushes', async () => {
    const cause = new FlinktsError('FLINKTS_KAFKA_PRODUCER_FENCED', 'fenced', { hint: 'None.' })
    const { producer, scheduler } = startProducer({}, { session: Promise.reject(cause) })
    await scheduler.settle()

    expect(() => producer.write(recordOf('t', 'a'))).toThrow(cause)
    await expect(producer.flush()).rejects.toBe(cause)
  })

  test('adds partitions to the transaction, several at once, before it produces', async () => {
    const added: number[][] = []
    const adding = Promise.withResolvers<void>()
    const { producer, log, scheduler, write, ended } = startProducer(
      {},
      {
        session: Promise.resolve({
          identity: { producerId: 7, producerEpoch: 3 },
          transaction: {
            transactionalId: 'tid',
            addPartitions: (partitions) => {
              added.push(partitions.map(({ partition }) => partition))
              return adding.promise
            },
          },
        }),
      },
    )
    for (const partition of [2, 0]) await write(recordOf('t', 'a', { partition }))
    const flushed = producer.flush()
    await scheduler.advance(1_000)
    expect(added).toEqual([[2, 0]])
    expect(log.requests).toEqual([])

    adding.resolve()
    await ended(flushed)

    expect(added).toEqual([[2, 0]])
    expect(log.values).toEqual([['a'], [], ['a']])
    const transactional = log.arrived[0]?.bytes.readInt16BE(batchLayout.attributes) ?? 0
    expect(transactional & 0x10).toBe(0x10)
    expect(producer.partitions).toEqual([
      { topic: 't', partition: 2 },
      { topic: 't', partition: 0 },
    ])
  })

  test('sends a batch when it lingered, and the records of many partitions together', async () => {
    const { log, scheduler, write } = startProducer({ lingerMs: 50 }, { leaders: [1, 1, 1] })
    for (const partition of [0, 1, 2]) await write(recordOf('t', 'a', { partition }))

    await scheduler.advance(49)
    expect(log.requests).toEqual([])
    await scheduler.advance(1)

    expect(log.requests).toEqual([[0, 1, 2]])
  })

  test('has one batch of a partition under way, and fills the next meanwhile', async () => {
    const { log, scheduler, write } = startProducer()
    log.latencyMs = () => 100
    await write(recordOf('t', 'a', { partition: 0 }))
    await scheduler.advance(5)
    for (const value of ['b', 'c', 'd']) {
      await write(recordOf('t', value, { partition: 0 }))
      await scheduler.advance(10)
    }
    expect(log.requests).toHaveLength(1)

    await scheduler.advance(300)

    expect(log.requests).toHaveLength(2)
    expect(log.values[0]).toEqual(['a', 'b', 'c', 'd'])
  })

  // P4: kafkajs rolls sequences back and chooses partitions anew.
  test('sends the same bytes to the same partition again until they are acknowledged', async () => {
    const { producer, log, write, ended, counts } = startProducer()
    const fates = ['answer-lost', 'request-lost', 'answer-lost', 'answered'] as const
    let turn = 0
    log.requestFate = () => fates[turn++] ?? 'answered'
    await write(recordOf('t', 'a'))
    await write(recordOf('t', 'b'))

    await ended(producer.flush())

    expect(log.values.flat()).toEqual(['a', 'b'])
    expect(log.arrived).toHaveLength(3)
    for (const { bytes, partition } of log.arrived) {
      expect(partition).toBe(log.arrived[0]?.partition)
      expect(bytes.equals(log.arrived[0]?.bytes ?? Buffer.alloc(0))).toBe(true)
    }
    expect(counts.get('batchRetries')).toBe(3)
    expect(counts.get('recordsAcknowledged')).toBe(2)
  })

  // P5: kafkajs has one request to a broker at a time.
  test('has several requests to a broker under way, though not any number', async () => {
    const { producer, log, write, ended } = startProducer(
      { batchBytesMax: 1_000, requestBytesMax: 1_000 },
      { leaders: Array.from({ length: 12 }, () => 1) },
    )
    log.latencyMs = () => 10
    for (let partition = 0; partition < 12; partition += 1) {
      await write(recordOf('t', 'x'.repeat(800), { partition }))
    }

    await ended(producer.flush())

    expect(log.underWayMax).toBe(5)
    expect(log.requests).toHaveLength(12)
  })

  // P7 and P8.
  test('keeps headers without value, and timestamps: 0, none, and unordered', async () => {
    const { producer, log, write, ended } = startProducer()
    const headers = [{ key: 'h', value: null }]
    const timestamps = [900, 0, 1_000, -1]
    for (const timestamp of timestamps) {
      await write({ ...recordOf('t', 'a', { partition: 0 }), headers, timestamp })
    }

    await ended(producer.flush())

    const bytes = log.arrived[0]?.bytes ?? Buffer.alloc(0)
    expect(Number(bytes.readBigInt64BE(batchLayout.maxTimestamp))).toBe(1_000)
    const read = readAll(bytes)
    expect(read.map(({ timestamp }) => timestamp)).toEqual(timestamps)
    expect(read[0]?.headers).toEqual(headers)
  })

  // P3: kafkajs goes on with 0, whatever the batch's length.
  test('counts sequence numbers over their greatest', () => {
    const queue = new PartitionQueue('t', 0, 2 ** 31 - 2)
    const pool = new WriterPool(producerOptions)
    for (const count of [4, 1]) {
      const batch = new PendingBatch(pool.take(), 0)
      for (let index = 0; index < count; index += 1) batch.writer.append(null, null, [], 0)
      queue.closed.push(batch)
    }
    const producer = { producerId: 7, producerEpoch: 0, transactional: false }

    const first = queue.sealHead(producer).bytes.readInt32BE(batchLayout.baseSequence)
    queue.closed.shift()
    const second = queue.sealHead(producer).bytes.readInt32BE(batchLayout.baseSequence)

    expect([first, second]).toEqual([2 ** 31 - 2, 2])
  })

  // P6: kafkajs copies what it has at every record; this many would take it an hour.
  test('takes a million records that come at once', async () => {
    const { producer, log, write, ended } = startProducer()
    const record = recordOf('t', 'a', { partition: 0 })
    const count = 1_000_000
    for (let index = 0; index < count; index += 1) await write(record)

    await ended(producer.flush())

    expect(log.values[0]).toHaveLength(count)
  })

  test('waits while the buffer is full, and goes on when there is room', async () => {
    const { producer, log, scheduler } = startProducer({ bufferBytesMax: 1_000 })
    log.latencyMs = () => 100
    await producer.flush()
    const looked = producer.write(recordOf('t', 'a', { partition: 0 }))
    await scheduler.advance(100)
    await looked
    const full = producer.write(recordOf('t', 'x'.repeat(1_000), { partition: 0 }))
    expect(full).toBeInstanceOf(Promise)

    await scheduler.advance(1_000)

    await expect(full).resolves.toBeUndefined()
    expect(log.values[0]).toHaveLength(2)
  })

  test('puts records without key into one partition until its batch is sent', async () => {
    const { log, scheduler, write } = startProducer()
    for (const value of ['a', 'b', 'c']) await write(recordOf('t', value))
    await scheduler.advance(5)
    await write(recordOf('t', 'd'))
    await scheduler.advance(5)

    expect(log.values).toEqual([['a', 'b', 'c'], ['d'], []])
  })

  test('waits for no answer with acks 0', async () => {
    const { producer, log, write, ended } = startProducer(
      { acks: 0 },
      { session: Promise.resolve({ identity: undefined, transaction: undefined }) },
    )
    await write(recordOf('t', 'a', { partition: 1 }))

    await ended(producer.flush())

    expect(log.values[1]).toEqual(['a'])
  })

  test('goes on when the leader moved, in the same order', async () => {
    const { producer, log, write, ended } = startProducer({ batchBytesMax: 200 })
    for (let index = 0; index < 10; index += 1) {
      await write(recordOf('t', `${index}-${'x'.repeat(60)}`, { partition: 0 }))
    }
    log.leaders[0] = 2

    await ended(producer.flush())

    expect(log.values[0]?.map((value) => value?.[0]).join('')).toBe('0123456789')
  })

  test.each([
    ['NOT_ENOUGH_REPLICAS'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
    ['REQUEST_TIMED_OUT'],
    ['KAFKA_STORAGE_ERROR'],
    ['CONCURRENT_TRANSACTIONS'],
  ] as const)('tries again after %s', async (error) => {
    const { producer, log, write, ended } = startProducer()
    let failureCount = 3
    log.batchFate = () => (failureCount-- > 0 ? error : 'NONE')
    await write(recordOf('t', 'a', { partition: 0 }))

    await ended(producer.flush())

    expect(log.values[0]).toEqual(['a'])
    expect(log.arrived).toHaveLength(4)
  })

  test('takes a duplicate for acknowledged', async () => {
    const { producer, log, write, ended } = startProducer()
    log.batchFate = () => 'DUPLICATE_SEQUENCE_NUMBER'
    await write(recordOf('t', 'a', { partition: 0 }))

    await expect(ended(producer.flush())).resolves.toBeUndefined()
  })
})

describe('a producer that cannot go on', () => {
  test.each([
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'FLINKTS_KAFKA_PRODUCER_STATE_LOST'],
    ['UNKNOWN_PRODUCER_ID', 'FLINKTS_KAFKA_PRODUCER_STATE_LOST'],
    ['INVALID_TXN_STATE', 'FLINKTS_KAFKA_PRODUCER_STATE_LOST'],
    ['INVALID_PRODUCER_EPOCH', 'FLINKTS_KAFKA_PRODUCER_FENCED'],
    ['MESSAGE_TOO_LARGE', 'FLINKTS_KAFKA_RECORD_TOO_LARGE'],
    ['RECORD_LIST_TOO_LARGE', 'FLINKTS_KAFKA_RECORD_TOO_LARGE'],
    ['CORRUPT_MESSAGE', 'FLINKTS_KAFKA_RECORD_INVALID'],
    ['INVALID_TIMESTAMP', 'FLINKTS_KAFKA_RECORD_INVALID'],
    ['TOPIC_AUTHORIZATION_FAILED', 'FLINKTS_KAFKA_PERMISSION_DENIED'],
    ['INVALID_REQUIRED_ACKS', 'FLINKTS_KAFKA_REQUEST_REFUSED'],
  ] as const)('tells %s as %s at every write and flush', async (error, code) => {
    const { producer, log, write, ended } = startProducer()
    log.batchFate = ({ partition }) => (partition === 0 ? error : 'NONE')
    await write(recordOf('t', 'a', { partition: 0 }))

    await expect(ended(producer.flush())).rejects.toEqual(codeOf(code))

    expect(() => producer.write(recordOf('t', 'b'))).toThrow(codeOf(code))
    await expect(producer.flush()).rejects.toEqual(codeOf(code))
    expect(log.arrived).toHaveLength(1)
  })

  test('tells a failure that nobody waited for at the next write', async () => {
    const { producer, log, scheduler, write } = startProducer()
    log.batchFate = () => 'UNKNOWN_PRODUCER_ID'
    await write(recordOf('t', 'a', { partition: 0 }))
    await scheduler.advance(1_000)

    expect(() => producer.write(recordOf('t', 'b'))).toThrow('UNKNOWN_PRODUCER_ID')
  })

  test('gives up when the time for a batch is over, with the last reason', async () => {
    const { producer, log, scheduler, write, ended } = startProducer({ deliveryTimeoutMs: 5_000 })
    log.batchFate = () => 'NOT_ENOUGH_REPLICAS'
    await write(recordOf('t', 'a', { partition: 0 }))
    const startMs = scheduler.monotonic()

    await expect(ended(producer.flush())).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_UNAVAILABLE',
      message: expect.stringMatching(/within 5000 ms: .*NOT_ENOUGH_REPLICAS/) as string,
    })
    expect(scheduler.monotonic() - startMs).toBeLessThanOrEqual(5_000)
  })

  test('waits a while for a topic, and then says that it is missing', async () => {
    const { producer, log, scheduler, ended } = startProducer()
    log.topicError = 'UNKNOWN_TOPIC_OR_PARTITION'
    const startMs = scheduler.monotonic()
    const written = Promise.resolve(producer.write(recordOf('t', 'a')))

    await expect(ended(written)).rejects.toEqual(codeOf('FLINKTS_KAFKA_TOPIC_MISSING'))
    expect(scheduler.monotonic() - startMs).toBeGreaterThanOrEqual(10_000)
    await expect(producer.flush()).rejects.toEqual(codeOf('FLINKTS_KAFKA_TOPIC_MISSING'))
  })

  test('writes to a topic that is made while it waits', async () => {
    const { producer, log, scheduler, ended } = startProducer()
    log.topicError = 'UNKNOWN_TOPIC_OR_PARTITION'
    const written = Promise.resolve(producer.write(recordOf('t', 'a', { partition: 0 })))
    await scheduler.advance(3_000)
    log.topicError = 'NONE'

    await ended(written)
    await ended(producer.flush())

    expect(log.values[0]).toEqual(['a'])
  })

  test('refuses a record that is too large, and no other', async () => {
    const options = { batchBytesMax: 1_000, requestBytesMax: 2_000 }
    const { producer, log, write, ended } = startProducer(options)
    await write(recordOf('t', 'a', { partition: 0 }))

    await expect(write(recordOf('t', 'x'.repeat(2_000), { partition: 0 }))).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_RECORD_TOO_LARGE',
      message: expect.stringContaining('of 2000 that are allowed') as string,
      hint: expect.stringContaining('requestBytesMax') as string,
    })
    await write(recordOf('t', 'y'.repeat(1_500), { partition: 0 }))
    await ended(producer.flush())

    expect(log.values[0]?.map((value) => value?.length)).toEqual([1, 1_500])
  })

  test('refuses a partition that its partitioner made up', async () => {
    const { write } = startProducer({ partitioner: (_, partitionCount) => partitionCount })

    await expect(write(recordOf('t', 'a'))).rejects.toEqual(
      codeOf('FLINKTS_KAFKA_PARTITION_INVALID'),
    )
  })

  test('closes when no request is under way, and tells those who wait', async () => {
    const { producer, log, scheduler, write, ended } = startProducer()
    log.latencyMs = () => 100
    await write(recordOf('t', 'a', { partition: 0 }))
    const flushed = producer.flush()
    const told = flushed.catch((error: unknown) => error)
    await scheduler.advance(20)
    expect(log.requests).toHaveLength(1)

    const closed = producer.close()
    expect(producer.close()).toBe(closed)
    await ended(closed)

    expect(await told).toEqual(codeOf('FLINKTS_KAFKA_CONNECTION_LOST'))
    expect(log.values[0]).toEqual(['a'])
    expect(scheduler.timerCount).toBe(0)
  })
})
