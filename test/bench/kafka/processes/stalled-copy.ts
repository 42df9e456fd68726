/** `stalled-copy.ts <StalledCopySettings>`: reads a topic into a sink that stalls at once. */
import { defineJob, runJob, silentLogger } from '@flinkts/core'
import { kafkaSource } from '@flinkts/kafka'

/** As JSON in the first argument. */
export interface StalledCopySettings {
  readonly brokers: string
  readonly topic: string
  readonly folder: string
}

const { brokers, topic, folder } = JSON.parse(process.argv[2] ?? '') as StalledCopySettings
const stalled = new Promise<void>(() => {})
const guarantee = 'at-least-once'
const options = { guarantee, parallelism: 1, checkpointIntervalMs: 3_600_000 } as const
const job = defineJob('stalled', options, (env) => {
  env.source('records', kafkaSource({ connection: { brokers }, topics: [topic] })).sinkTo('stall', {
    description: 'a sink that takes nothing',
    guarantee,
    mechanism: 'none',
    createWriter: async () => ({
      write: () => {
        process.stdout.write('stalled\n')
        return stalled
      },
      flush: async () => {},
      close: async () => {},
    }),
  })
})
const handle = await runJob(job, { checkpointDirectory: folder, logger: silentLogger })
await handle.ended
