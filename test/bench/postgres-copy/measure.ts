/**
 * `measure.ts <mode> <checkpoints> <source> <target>`: one job that copies the table `readings`
 * from the database of one URL to that of the other; prints a `CopyJobRun`.
 */
import { defineJob, runJob, silentLogger } from '@flinkts/core'
import { type Change, postgresCdc, postgresSink, type Row } from '@flinkts/postgres'

/** What the process of a job used. */
export interface CopyJobRun {
  readonly cpuSeconds: number
}

const [mode, checkpointDirectory = '', sourceUrl, targetUrl] = process.argv.slice(2)

const readings = postgresCdc({
  connection: { url: sourceUrl },
  tables: ['readings'],
  stream: 'never',
})
const target = { connection: { url: targetUrl }, table: 'readings' } as const

const job =
  mode === 'twoPhase' || mode === 'staged'
    ? defineJob('copy', { checkpointIntervalMs: 1000 }, (env) => {
        const sink = postgresSink<Row>({ ...target, mode })
        env.source('readings', readings).map(rowOf).sinkTo('rows', sink)
      })
    : defineJob('copy', { checkpointIntervalMs: 1000, guarantee: 'at-least-once' }, (env) => {
        const sink = postgresSink<Row>({ ...target, mode: 'append' })
        env.source('readings', readings).map(rowOf).sinkTo('rows', sink)
      })

function rowOf({ after }: Change): Row {
  return after ?? {}
}

const handle = await runJob(job, { checkpointDirectory, logger: silentLogger })
await handle.ended
const { user, system } = process.cpuUsage()
const run: CopyJobRun = { cpuSeconds: (user + system) / 1e6 }
process.stdout.write(JSON.stringify(run))
