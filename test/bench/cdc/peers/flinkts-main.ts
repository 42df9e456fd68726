/** `flinkts-main.ts <output folder> <state folder>`: the job that is measured. */
import { consoleLogger, defineJob, runJob } from '@flinkts/core'
import { fileSink } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'
import { postgresCdc } from '@flinkts/postgres'

const [outputFolder = '', stateFolder = ''] = process.argv.slice(2)
const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = process.env

const orders = postgresCdc({
  connection: {
    host: PGHOST,
    port: Number(PGPORT),
    user: PGUSER,
    password: PGPASSWORD,
    database: PGDATABASE,
  },
  tables: ['public.orders'],
  snapshot: { connectionsPerReader: 2 },
})

const job = defineJob('bench', { checkpointIntervalMs: 1000 }, (env) => {
  env
    .source('orders', orders)
    .sinkTo('files', fileSink({ path: outputFolder, format: jsonLines() }))
})

const handle = await runJob(job, {
  checkpointDirectory: stateFolder,
  logger: consoleLogger({ level: 'info', format: 'json' }),
})
process.on('SIGTERM', () => handle.stop())
await handle.ended
