/** `fill.ts <FillSettings>`: writes bids to the partitions of a topic in turn. */
import { defineJob, runJob, silentLogger } from '@flinkts/core'
import { kafkaSink } from '@flinkts/kafka'
import { rangeSource } from '../../range-source.ts'
import { bidText } from '../copy-settings.ts'

/** As JSON in the first argument. */
export interface FillSettings {
  /** `host:port`, with commas between. */
  readonly brokers: string
  readonly topic: string
  /** For checkpoints; empty. */
  readonly folder: string
  readonly partitions: number
  readonly records: number
  /** Of a record, at least. */
  readonly recordBytes: number
}

const settings = JSON.parse(process.argv[2] ?? '') as FillSettings
const { brokers, topic, folder, partitions, records, recordBytes } = settings

const guarantee = 'at-least-once'
const options = { guarantee, parallelism: 1, checkpointIntervalMs: 60_000 } as const
const bids = kafkaSink<number>({
  connection: { brokers },
  topic,
  delivery: guarantee,
  // One partition needs no key.
  ...(partitions === 1 ? {} : { key: String, partitioner: ({ key }) => Number(key) % partitions }),
  value: (seq) => bidText(seq, 0, recordBytes),
})
const job = defineJob('fill', options, (env) => {
  env.source('numbers', rangeSource(records, { startedMs: 0, endedMs: 0 })).sinkTo('bids', bids)
})
const handle = await runJob(job, { checkpointDirectory: folder, logger: silentLogger })
await handle.ended
process.stdout.write('{}')
