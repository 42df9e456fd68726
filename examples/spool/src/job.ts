/** Copies a spool: `npx flinkts run src/job.ts` runs it, until it is stopped. */
import { defineJob } from '@flinkts/core'
import { spoolSink } from './sink.ts'
import { spoolSource } from './source.ts'

const { INPUT = 'in', OUTPUT = 'out' } = process.env

export default defineJob('copy', { checkpointIntervalMs: 500 }, (env) => {
  env
    .source('in', spoolSource<unknown>({ directory: INPUT }))
    .sinkTo('out', spoolSink({ directory: OUTPUT }))
})
