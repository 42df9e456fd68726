import process from 'node:process'
import { type DeliveryGuarantee, defineJob, type JobDefinition } from '@flinkts/core'
import type { Sink } from '@flinkts/core/connector'
import { postgresCdc, postgresSink } from '../../src/index.ts'

interface Item {
  readonly id: number
  readonly name: string
}

const { DATABASE_URL = '', MODE = 'twoPhase' } = process.env
const connection = { url: DATABASE_URL }

/** Copies the rows of a table into another one; for `flinkts prove`. */
const job: JobDefinition = defineJob<DeliveryGuarantee>(
  'proved',
  { guarantee: sink().guarantee, checkpointIntervalMs: 1000, parallelism: 2 },
  (env) => {
    env
      .source('items', postgresCdc({ connection, tables: ['items'], snapshot: { chunkRows: 20 } }))
      .filter(({ operation }) => operation === 'snapshot')
      .map(({ after }) => Number(after?.['id']))
      .map((id) => ({ id, name: `item ${id}` }))
      .rebalance()
      .sinkTo('copies', sink())
  },
)

export default job

function sink(): Sink<Item> {
  const options = { connection, table: 'copies' }
  switch (MODE) {
    case 'staged':
      return postgresSink<Item>({ ...options, mode: 'staged' })
    case 'upsert':
      return postgresSink<Item>({ ...options, mode: 'upsert' })
    case 'append':
      return postgresSink<Item>({ ...options, mode: 'append', table: 'loose' })
    case 'unknown-tables':
      return postgresSink<Item>({ ...options, mode: 'twoPhase', table: () => 'copies' })
    default:
      return postgresSink<Item>({ ...options, mode: 'twoPhase' })
  }
}
