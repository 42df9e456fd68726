/** `copy.ts <CopySettings>`: copies a topic with flinkts until it is ended. */
import { consoleLogger, defineJob, type JobDefinition, runJob } from '@flinkts/core'
import { bytesDeserializer, jsonDeserializer, kafkaSink, kafkaSource } from '@flinkts/kafka'
import { type Bid, convertedPrice, parseCopySettings } from '../copy-settings.ts'

const { brokers, input, output, work, delivery, commitIntervalMs, folder, name } =
  parseCopySettings(process.argv.slice(2))
const connection = { brokers }
const options = { parallelism: 1, checkpointIntervalMs: commitIntervalMs }
const from = { connection, topics: [input], groupId: name }
const into = { connection, topic: output }

interface RawRecord {
  readonly value: Uint8Array | null
}

const job = delivery === 'at-least-once' ? atLeastOnceJob() : exactlyOnceJob()

const handle = await runJob(job, {
  checkpointDirectory: folder,
  logger: consoleLogger({ level: 'info', format: 'json' }),
})
process.on('SIGTERM', () => handle.stop())
await handle.ended

function exactlyOnceJob(): JobDefinition {
  return defineJob('copy', options, (env) => {
    const exactlyOnce = { ...into, transactionalIdPrefix: name }
    if (work === 'bytes') {
      const copies = kafkaSink<RawRecord>({ ...exactlyOnce, value: ({ value }) => value })
      env.source('records', kafkaSource({ ...from, value: bytesDeserializer })).sinkTo('to', copies)
      return
    }
    const bids = kafkaSource({ ...from, value: jsonDeserializer((value) => value as Bid) })
    const copies = kafkaSink<Bid>({ ...exactlyOnce, value: (bid) => JSON.stringify(bid) })
    env
      .source('bids', bids)
      .flatMap(({ value: bid }) =>
        bid === null ? [] : [{ ...bid, price: convertedPrice(bid.price) }],
      )
      .sinkTo('to', copies)
  })
}

function atLeastOnceJob(): JobDefinition {
  const guarantee = 'at-least-once'
  return defineJob('copy', { ...options, guarantee }, (env) => {
    const value = (record: RawRecord): Uint8Array | null => record.value
    const copies = kafkaSink<RawRecord>({ ...into, delivery: guarantee, value })
    env.source('records', kafkaSource({ ...from, value: bytesDeserializer })).sinkTo('to', copies)
  })
}
