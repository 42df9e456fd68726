/** Runs one job whose sink stops taking records, and says how much memory it holds. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { consoleLogger, defineJob, runJob } from '@flinkts/core'
import type { Sink } from '@flinkts/core/connector'
import type { SourceDriver } from '../../driver/source-driver.ts'
import { memoryMarker, type StalledPlan } from '../process-plan.ts'

const checkpointIntervalMs = 10
/** A checkpoint waits for the sink as long as anything. */
const checkpointTimeoutMs = 3_600_000
const reportMs = 50

const plan = JSON.parse(process.argv[2] ?? '{}') as StalledPlan
const { driver } = (await import(plan.module)) as { readonly driver: SourceDriver }
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
let takenCount = 0
let stalled = false

const sink: Sink<unknown, never, 'at-least-once'> = {
  description: 'a sink that takes no more after some records',
  guarantee: 'at-least-once',
  mechanism: 'none',
  createWriter: () =>
    Promise.resolve({
      write(value) {
        stalled = takenCount >= plan.takenMax
        if (stalled) return new Promise(() => {})
        takenCount += driver.toRecords(value).length
        return undefined
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
}
const job = defineJob(
  'conformance',
  {
    guarantee: 'at-least-once',
    parallelism: plan.parallelism,
    checkpointIntervalMs,
    checkpointTimeoutMs,
    restart: { type: 'none' },
  },
  (env) => {
    env.source('in', driver.createSource(plan.target)).sinkTo('out', sink)
  },
)
report()
setInterval(report, reportMs)
const handle = await runJob(job, {
  checkpointDirectory: plan.checkpointDirectory,
  logger: consoleLogger({ level: 'warn' }),
})
await handle.ended

/** What is garbage is not held: it goes first. */
function report(): void {
  collectGarbage()
  const residentBytes = process.memoryUsage.rss()
  process.stdout.write(`${memoryMarker({ residentBytes, takenCount, stalled })}\n`)
}
