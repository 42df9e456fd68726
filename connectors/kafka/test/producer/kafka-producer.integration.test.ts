import {
  type KafkaServer,
  type SharedKafka,
  sharedKafka,
  startKafka,
  uniqueName,
} from '@flinkts/test-services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KafkaCluster } from '../../src/cluster/kafka-cluster.ts'
import { KafkaProducer, type ProducerSession } from '../../src/producer/kafka-producer.ts'
import type { Compression } from '../../src/records/compression.ts'
import { environment, openCluster } from '../support/cluster-fixture.ts'
import { countedMetrics, producerOptions, recordOf } from '../support/producer-fixture.ts'
import { makeTopic } from '../support/topic-writer.ts'

const partitionCount = 6
const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const recordCount = 10_000

function countedProducer(
  cluster: KafkaCluster,
  session: Promise<ProducerSession>,
  type: Compression['type'] = 'none',
) {
  const options = { ...producerOptions, compression: { type }, batchBytesMax: 16 * 1024 }
  const { counts, metrics } = countedMetrics()
  const parts = { cluster, ...environment, options, session, metrics }
  return { counts, producer: new KafkaProducer(parts) }
}

function newProducer(...parts: Parameters<typeof countedProducer>): KafkaProducer {
  return countedProducer(...parts).producer
}

async function idempotent(cluster: KafkaCluster): Promise<ProducerSession> {
  const identity = await cluster.transactions.initIdempotentProducerId()
  return { identity, transaction: undefined }
}

/** The values by partition, in their order. */
async function valuesOf(kafka: Pick<SharedKafka, 'consumeCommitted'>, topic: string) {
  const values = new Map<number, (string | undefined)[]>()
  for (const { partition, value } of await kafka.consumeCommitted(topic)) {
    const its = values.get(partition) ?? []
    its.push(value)
    values.set(partition, its)
  }
  return values
}

function expected(count: number, valueOf: (index: number) => string) {
  const values = new Map<number, string[]>()
  for (let index = 0; index < count; index += 1) {
    const its = values.get(index % partitionCount) ?? []
    its.push(valueOf(index))
    values.set(index % partitionCount, its)
  }
  return values
}

describe.each(['3.9', '4'] as const)('Kafka %s', (version) => {
  let kafka: SharedKafka

  beforeAll(async () => {
    kafka = await sharedKafka({ version })
  })

  test('has each record once and in order, whatever the compression', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, partitionCount)
    const valueOf = (index: number): string => `value-${index}-${'x'.repeat(index % 50)}`

    for (const [turn, type] of compressions.entries()) {
      const producer = newProducer(cluster, idempotent(cluster), type)
      for (let index = turn * recordCount; index < (turn + 1) * recordCount; index += 1) {
        const partition = index % partitionCount
        // A promise for each record would let no batch fill.
        const written = producer.write(recordOf(topic, valueOf(index), { partition }))
        if (written !== undefined) await written
      }
      await producer.flush()
      expect(producer.recordCount).toBe(recordCount)
      expect(producer.partitions).toHaveLength(partitionCount)
      await producer.close()
    }

    const all = compressions.length * recordCount
    expect(await valuesOf(kafka, topic)).toEqual(expected(all, valueOf))
  })

  test('has the records of committed transactions, and none of an aborted one', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, partitionCount)
    const transactionalId = uniqueName('tid')

    for (const outcome of ['commit', 'abort', 'commit'] as const) {
      const identity = await cluster.transactions.initProducerId(transactionalId, {
        transactionTimeoutMs: 60_000,
      })
      const reference = { transactionalId, ...identity }
      const transaction = {
        transactionalId,
        addPartitions: async (
          partitions: Parameters<typeof cluster.transactions.addPartitions>[1],
        ) => cluster.transactions.addPartitions(reference, partitions),
      }
      const producer = newProducer(cluster, Promise.resolve({ identity, transaction }))
      for (let index = 0; index < 600; index += 1) {
        await producer.write(recordOf(topic, outcome, { partition: index % partitionCount }))
      }
      await producer.flush()
      await producer.close()
      expect(await cluster.transactions.end(reference, outcome)).toBe('done')
    }

    expect(await valuesOf(kafka, topic)).toEqual(expected(1_200, () => 'commit'))
  })

  test('refuses a record without key in a compacted topic, and says which', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 1, { 'cleanup.policy': 'compact' })
    const producer = newProducer(cluster, idempotent(cluster))
    await producer.write(recordOf(topic, 'first', { key: 'key' }))
    await producer.write(recordOf(topic, 'second'))

    await expect(producer.flush()).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_RECORD_INVALID',
      message: expect.stringContaining('record 1 of a batch for the partition 0') as string,
    })
    await producer.close()
  })

  test('refuses a batch larger than the topic allows, and says what to change', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 1, { 'max.message.bytes': '1000' })
    const producer = newProducer(cluster, idempotent(cluster))
    await producer.write(recordOf(topic, 'x'.repeat(2_000)))

    await expect(producer.flush()).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_RECORD_TOO_LARGE',
      hint: expect.stringContaining('max.message.bytes') as string,
    })
    await producer.close()
  })
})

describe('a broker that is killed in the middle', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ version: '4' })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  // A broker that starts forgets producers whose last record is older than a day.
  test('has each record once and in order when it is back', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, partitionCount)
    const { producer, counts } = countedProducer(cluster, idempotent(cluster), 'lz4')
    const valueOf = (index: number): string => `value-${index}`
    let count = 0
    const writeSome = async (): Promise<void> => {
      for (const end = count + 300; count < end; count += 1) {
        const partition = count % partitionCount
        const written = producer.write(recordOf(topic, valueOf(count), { partition }))
        if (written !== undefined) await written
      }
      await producer.flush()
    }

    await writeSome()
    const restart = { done: false }
    const restarted = kafka
      .kill()
      .then(() => kafka.start())
      .finally(() => {
        restart.done = true
      })
    while (!restart.done) await writeSome()
    await restarted
    await producer.close()

    expect(counts.get('batchRetries')).toBeGreaterThan(0)
    expect(await valuesOf(kafka, topic)).toEqual(expected(count, valueOf))
  })
})
