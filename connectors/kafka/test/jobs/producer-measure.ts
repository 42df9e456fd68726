import { systemTime } from '@flinkts/core/connector'
import { countedMetrics, producerOptions } from '../support/producer-fixture.ts'
import { KafkaProducer, type ProducerCluster } from '../../src/producer/kafka-producer.ts'
import type { ProduceRequest } from '../../src/protocol/produce.ts'

/**
 * How many records a second a producer takes, with a broker that answers at once:
 *
 *     node connectors/kafka/test/jobs/producer-measure.ts
 */
const recordCount = 3_000_000
const turnRecords = 5_000
const partitions = Array.from({ length: 6 }, (_, partition) => ({
  errorCode: 0,
  partition,
  leaderId: 1,
  leaderEpoch: 0,
  replicaIds: [],
  inSyncReplicaIds: [],
  offlineReplicaIds: [],
}))
const topic = { errorCode: 0, topic: 't', topicId: undefined, internal: false, partitions }
const answer = {
  errorCode: 0,
  baseOffset: 0,
  logAppendTimeMs: -1,
  logStartOffset: 0,
  recordErrors: [],
  errorMessage: undefined,
  currentLeader: undefined,
}

const cluster: ProducerCluster = {
  metadata: {
    topics: async () => [topic],
    refresh: async () => undefined,
    topicOf: () => topic,
    leaderOf: () => ({ nodeId: 1, leaderEpoch: 0 }),
  },
  produce: async (_nodeId: number, { topics }: ProduceRequest) => ({
    topics: topics.map((one) => ({
      topic: one.topic,
      partitions: one.partitions.map(({ partition }) => ({ ...answer, partition })),
    })),
    throttleTimeMs: 0,
  }),
}

async function measure(keyed: boolean): Promise<number> {
  const producer = new KafkaProducer({
    cluster,
    clock: systemTime,
    scheduler: systemTime,
    random: () => 0.5,
    options: producerOptions,
    session: Promise.resolve({
      identity: { producerId: 1, producerEpoch: 0 },
      transaction: undefined,
    }),
    metrics: countedMetrics().metrics,
  })
  const keys = Array.from({ length: 1_000 }, (_, index) => Buffer.from(`key-${index}`))
  const value = Buffer.alloc(200, 'v')
  const headers: never[] = []
  const startMs = systemTime.monotonic()
  for (let index = 0; index < recordCount; index += 1) {
    const key = keyed ? (keys[index % keys.length] ?? null) : null
    const timestamp = 1_700_000_000_000 + index
    const written = producer.write({
      topic: 't',
      key,
      value,
      headers,
      timestamp,
      partition: undefined,
    })
    if (written !== undefined) await written
    // As the engine does, which gives other work its turn.
    if (index % turnRecords === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await producer.flush()
  return recordCount / (systemTime.monotonic() - startMs) / 1_000
}

for (const keyed of [false, true, false, true]) {
  const rate = await measure(keyed)
  process.stdout.write(`${keyed ? 'with' : 'without'} keys: ${rate.toFixed(2)} M records/s\n`)
}
