/** A process that runs a job into Postgres until it is done: for tests that kill it. */
import process from 'node:process'
import { defineJob, runJob } from '@flinkts/core'
import { collectionSource } from '@flinkts/core/testing'
import { postgresSink } from '../../src/index.ts'
import type { RowChange } from '../../src/index.ts'

interface Numbered {
  readonly id: number
  /** How many records of the id came before. */
  readonly version: number
  readonly name: string
}

const { DATABASE_URL = '', CHECKPOINTS = '', RECORDS = '0', MODE } = process.env
const upserting = MODE === 'upsert'
const recordCount = Number(RECORDS)
const idCount = upserting ? recordCount / 3 : recordCount

/** Takes time, so that there are moments to kill the job at. */
function burn(record: Numbered): Numbered {
  let value = record.id
  for (let round = 0; round < 60_000; round += 1) value = Math.imul(value, 31) + round
  return { ...record, name: `${record.name} ${value}` }
}

/** Every fifth row is deleted in the end. */
function changeOf({ id, version, name }: Numbered): RowChange {
  if (version === 2 && id % 5 === 0) return { operation: 'delete', key: { id } }
  return { operation: 'upsert', row: { id, version, name } }
}

const records = Array.from({ length: recordCount }, (_, index) => {
  const id = index % idCount
  return { id, version: Math.floor(index / idCount), name: `number ${id}` }
})
const connection = { url: DATABASE_URL }
const table = 'numbers'
const options = { checkpointIntervalMs: 50, parallelism: 2 } as const

/** The same id goes to the same subtask. */
function partition(id: number, subtaskCount: number): number {
  return id % subtaskCount
}

const inserting = defineJob('numbers', options, (environment) => {
  const mode = MODE === 'staged' ? 'staged' : 'twoPhase'
  environment
    .source('numbers', collectionSource(records))
    .map(burn)
    .partitionCustom(partition, ({ id }) => id)
    .sinkTo('rows', postgresSink<Numbered>({ mode, connection, table }))
})

const byKey = defineJob('numbers', { ...options, guarantee: 'effectively-once' }, (environment) => {
  environment
    .source('numbers', collectionSource(records))
    .map(burn)
    .partitionCustom(partition, ({ id }) => id)
    .sinkTo('rows', postgresSink<Numbered>({ mode: 'upsert', connection, table, write: changeOf }))
})

const handle = await runJob(upserting ? byKey : inserting, { checkpointDirectory: CHECKPOINTS })
await handle.ended
