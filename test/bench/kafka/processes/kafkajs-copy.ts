/**
 * `kafkajs-copy.ts <CopySettings>`: copies a topic as users of kafkajs do it exactly once: a
 * transaction for each batch that was consumed, with its offsets in it. Runs until it is ended.
 */
import { Kafka, logLevel } from 'kafkajs'
import { parseCopySettings } from '../copy-settings.ts'

const { brokers, input, output, name } = parseCopySettings(process.argv.slice(2))
const kafka = new Kafka({ brokers: brokers.split(','), clientId: name, logLevel: logLevel.ERROR })
const producer = kafka.producer({
  transactionalId: name,
  idempotent: true,
  maxInFlightRequests: 1,
})
const consumer = kafka.consumer({ groupId: name })
await Promise.all([producer.connect(), consumer.connect()])
await consumer.subscribe({ topics: [input], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: true,
  eachBatch: async ({ batch: { topic, partition, messages } }) => {
    const last = messages.at(-1)
    if (last === undefined) return
    const transaction = await producer.transaction()
    const values = messages.map(({ value }) => ({ value }))
    await transaction.send({ topic: output, messages: values })
    const offset = String(BigInt(last.offset) + 1n)
    await transaction.sendOffsets({
      consumerGroupId: name,
      topics: [{ topic, partitions: [{ partition, offset }] }],
    })
    await transaction.commit()
  },
})
