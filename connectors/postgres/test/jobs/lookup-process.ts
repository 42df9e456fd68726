/** A process that runs the example of the lookup until it is done: for tests that kill it. */
import process from 'node:process'
import { runJob } from '@flinkts/core'
import { ordersWithCustomers } from '../lookup/lookup-example.ts'

const { DATABASE_URL = '', CHECKPOINTS = '' } = process.env

const handle = await runJob(ordersWithCustomers(DATABASE_URL), {
  checkpointDirectory: CHECKPOINTS,
})
await handle.ended
