/** `count-copies.ts <CountSettings>`: reads what is committed of a copy; prints a `CopyCount`. */
import { defineJob, runJob, silentLogger } from '@flinkts/core'
import { jsonDeserializer, kafkaSource } from '@flinkts/kafka'
import { type Bid, convertedPrice, priceOf, type Work } from '../copy-settings.ts'

/** As JSON in the first argument. */
export interface CountSettings {
  readonly brokers: string
  readonly topic: string
  /** For checkpoints; empty. */
  readonly folder: string
  readonly records: number
  readonly work: Work
}

/** How a copy differs from what it is to be. */
export interface CopyCount {
  readonly lost: number
  readonly duplicated: number
  /** With another price than it is to have. */
  readonly wrong: number
}

const settings = JSON.parse(process.argv[2] ?? '') as CountSettings
const { brokers, topic, folder, records, work } = settings

const times = new Uint8Array(records)
let wrong = 0
const copies = kafkaSource({
  connection: { brokers },
  topics: [topic],
  stop: 'latest',
  value: jsonDeserializer((value) => value as Bid),
})
const guarantee = 'at-least-once'
const options = { guarantee, parallelism: 1, checkpointIntervalMs: 60_000 } as const
const job = defineJob('count', options, (env) => {
  env.source('copies', copies).sinkTo('count', {
    description: 'a count of each bid',
    guarantee,
    mechanism: 'none',
    createWriter: async () => ({
      write: ({ value: bid }) => {
        if (bid !== null) count(bid)
      },
      flush: async () => {},
      close: async () => {},
    }),
  })
})
const handle = await runJob(job, { checkpointDirectory: folder, logger: silentLogger })
await handle.ended
const counted: CopyCount = {
  lost: times.filter((each) => each === 0).length,
  duplicated: times.filter((each) => each > 1).length,
  wrong,
}
process.stdout.write(JSON.stringify(counted))

function count({ seq, price }: Bid): void {
  times[seq] = (times[seq] ?? 0) + 1
  const original = priceOf(seq)
  if (price !== (work === 'map' ? convertedPrice(original) : original)) wrong += 1
}
