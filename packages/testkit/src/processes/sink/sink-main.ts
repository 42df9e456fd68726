/** Runs one job of a sink in a process of its own: see `runProcess`. */
import { consoleLogger, defineJob, type DeliveryGuarantee, runJob } from '@flinkts/core'
import type { SinkDriver } from '../../driver/sink-driver.ts'
import { workload } from '../../records/kit-record.ts'
import { killingSink } from './killing-sink.ts'
import { pacedSource } from './paced-source.ts'
import { finishedMarker, type SinkPlan } from '../process-plan.ts'

const checkpointIntervalMs = 10

const plan = JSON.parse(process.argv[2] ?? '{}') as SinkPlan
const { driver } = (await import(plan.module)) as { readonly driver: SinkDriver }
const sink = driver.createSink(plan.target)
const job = defineJob<DeliveryGuarantee>(
  'conformance',
  {
    guarantee: sink.guarantee,
    parallelism: plan.parallelism,
    checkpointIntervalMs,
    restart: { type: 'none' },
  },
  (env) => {
    env
      .source('records', pacedSource(workload(plan.seed, plan.size)))
      .partitionCustom<number>(
        (split, subtaskCount) => split % subtaskCount,
        ({ split }) => split,
      )
      .sinkTo('out', plan.kill === undefined ? sink : killingSink(sink, plan.kill))
  },
)
const { ended } = await runJob(job, {
  checkpointDirectory: plan.checkpointDirectory,
  logger: consoleLogger({ level: 'warn' }),
})
await ended
// It ends by itself when nothing holds it: whatever a sink leaves open does.
process.stdout.write(`${finishedMarker}\n`)
