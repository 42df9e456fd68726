/** A process that runs a job into Postgres until it is done: for tests that kill it. */
import process from 'node:process'
import { defineJob, runJob } from '@flinkts/core'
import { collectionSource } from '@flinkts/core/testing'
import { postgresSink } from '../../src/index.ts'

interface Numbered {
  readonly id: number
  readonly name: string
}

const { DATABASE_URL = '', CHECKPOINTS = '', RECORDS = '0', MODE } = process.env

/** Takes time, so that there are moments to kill the job at. */
function burn(record: Numbered): Numbered {
  let value = record.id
  for (let round = 0; round < 60_000; round += 1) value = Math.imul(value, 31) + round
  return { ...record, name: `${record.name} ${value}` }
}

const records = Array.from({ length: Number(RECORDS) }, (_, id) => ({ id, name: `number ${id}` }))

const job = defineJob('numbers', { checkpointIntervalMs: 50, parallelism: 2 }, (environment) => {
  environment
    .source('numbers', collectionSource(records))
    .map(burn)
    .rebalance()
    .sinkTo(
      'rows',
      postgresSink<Numbered>({
        mode: MODE === 'staged' ? 'staged' : 'twoPhase',
        connection: { url: DATABASE_URL },
        table: 'numbers',
      }),
    )
})

const handle = await runJob(job, { checkpointDirectory: CHECKPOINTS })
await handle.ended
