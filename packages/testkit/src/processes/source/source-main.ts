/** Runs one job of a source in a process of its own: see `runProcess`. */
import { consoleLogger, defineJob, runJob } from '@flinkts/core'
import { delay } from '@flinkts/core/connector'
import type { SourceDriver } from '../../driver/source-driver.ts'
import { scheduler } from '../../engine/kit-runtime.ts'
import { Moments } from '../moments.ts'
import { finishedMarker, type Kill, type SourcePlan, visibleMarker } from '../process-plan.ts'
import { OutputDirectory, outputSink } from './output-sink.ts'
import { pacedReaders } from './paced-reader.ts'

const checkpointIntervalMs = 10
/** Enough for a checkpoint that is not late on purpose. */
const checkpointTimeoutMs = 500
const lateCheckpoint = 2
/** Checkpoints after the last record, before an unbounded job is stopped. */
const lastCheckpoints = 3
/** Records from the loss of the connections to the end of the process. */
const recordsAfterLoss = 3

const plan = JSON.parse(process.argv[2] ?? '{}') as SourcePlan
const { driver } = (await import(plan.module)) as { readonly driver: SourceDriver }
const { target, outputDirectory } = plan
const kill: Kill = plan.kill ?? { point: 'none', nth: Number.POSITIVE_INFINITY }
const moments = new Moments(kill)
/** Of the last record and later ones. */
const checkpointsAfter = new Set<number>()
let visibleCount = new OutputDirectory(outputDirectory).visible().length
let recordCount = 0
let late = false

const source = pacedReaders(driver.createSource(target), {
  toRecords: (emitted) => driver.toRecords(emitted),
  onRecord(record) {
    recordCount += 1
    const cut = kill.point === 'S9' && recordCount === Math.max(1, kill.nth - recordsAfterLoss)
    if (cut) void driver.killConnections?.(target)
    if (record.seq >= plan.streamFromSeq) moments.reach('S3')
    moments.reach('S9')
  },
  reach(point) {
    if (point !== 'S8' || late) moments.reach(point)
  },
  onCheckpoint(checkpointId) {
    if (visibleCount >= plan.recordCount) checkpointsAfter.add(checkpointId)
    if (checkpointsAfter.size === lastCheckpoints) void stopSoon()
  },
})
const sink = outputSink(outputDirectory, {
  onVisible(count) {
    visibleCount = count
    process.stdout.write(`${visibleMarker(count)}\n`)
  },
  comesLate(checkpoint) {
    late ||= kill.point === 'S8' && checkpoint === lateCheckpoint
    return kill.point === 'S8' && checkpoint === lateCheckpoint
  },
})
const job = defineJob(
  'conformance',
  {
    parallelism: plan.parallelism,
    checkpointIntervalMs,
    checkpointTimeoutMs,
    restart: { type: 'none' },
  },
  (env) => {
    env.source('in', source).sinkTo('out', sink)
  },
)
const handle = await runJob(job, {
  checkpointDirectory: plan.checkpointDirectory,
  logger: consoleLogger({ level: 'warn' }),
})
await handle.ended
// It ends by itself when nothing holds it: whatever a source leaves open does.
process.stdout.write(`${finishedMarker}\n`)

/** A bounded job ends by itself. */
async function stopSoon(): Promise<void> {
  if (driver.capabilities.boundedness === 'bounded') return
  await delay(scheduler, plan.quietMs)
  handle.stop()
}
