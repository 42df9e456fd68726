/**
 * `latency.ts <LatencySettings>`: writes bids to one topic, each when it is due, and reads what is
 * committed of another; prints a `LatencyRun`. With kafkajs, so that no side measures itself.
 */
import { Kafka, logLevel } from 'kafkajs'
import { type Bid, bidText } from '../copy-settings.ts'

/** As JSON in the first argument. */
export interface LatencySettings {
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly recordsPerSecond: number
  readonly seconds: number
  /** What was due before is not counted: the other side starts. */
  readonly skippedSeconds: number
}

/** Milliseconds from when records were due until they were read, committed. */
export interface LatencyRun {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const { brokers, input, output, ...load } = JSON.parse(process.argv[2] ?? '') as LatencySettings
const total = load.recordsPerSecond * load.seconds
const skipped = load.recordsPerSecond * load.skippedSeconds
/** How long after the last record one is waited for. */
const patienceMs = 60_000

const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 5 })
const consumer = kafka.consumer({ groupId: `${output}-reader`, maxWaitTimeInMs: 10 })
const latenciesMs: number[] = []
const all = Promise.withResolvers<void>()
let seen = 0

await Promise.all([producer.connect(), consumer.connect()])
await consumer.subscribe({ topics: [output], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch: { messages } }) => {
    const now = Date.now()
    for (const { value } of messages) {
      const { seq, t } = JSON.parse(String(value)) as Bid
      if (seq >= skipped) latenciesMs.push(now - t)
      seen += 1
    }
    if (seen >= total) all.resolve()
  },
})
await write()
const timer = setTimeout(() => {
  all.reject(new Error(`${total - seen} of ${total} records did not come`))
}, patienceMs)
await all.promise
clearTimeout(timer)
process.stdout.write(JSON.stringify(describe()))
await Promise.all([producer.disconnect(), consumer.disconnect()])

/** Each tick all that became due since the last one. */
async function write(): Promise<void> {
  const startMs = Date.now()
  const dueMs = (seq: number): number => startMs + Math.floor((seq * 1000) / load.recordsPerSecond)
  const sent: Promise<unknown>[] = []
  await new Promise<void>((resolve) => {
    let next = 0
    const ticker = setInterval(() => {
      const messages: { readonly value: string }[] = []
      for (; next < total && dueMs(next) <= Date.now(); next += 1) {
        messages.push({ value: bidText(next, dueMs(next)) })
      }
      if (messages.length > 0) sent.push(producer.send({ topic: input, messages }))
      if (next < total) return
      clearInterval(ticker)
      resolve()
    }, 1)
  })
  await Promise.all(sent)
}

function describe(): LatencyRun {
  const sorted = latenciesMs.toSorted((left, right) => left - right)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return {
    count: sorted.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: sorted.at(-1) ?? Number.NaN,
  }
}
