/**
 * `measure.ts <job> <events> <keys> run|recover <start>`: one run of flinkts with a checkpoint each
 * second; prints a `LoadRun`. `start`: when the process was started, milliseconds since 1970.
 */
import { defineJob, type JobDefinition, type MetricSink, runJob, silentLogger } from '@flinkts/core'
import { scratchFolder } from '../scratch.ts'
import { type LoadName, type LoadOptions, loadJobs } from './load-jobs.ts'
import { MeasuringSink, type Window } from './measuring-sink.ts'
import { PlannedFailure } from './planned-failure.ts'

/** One run. */
export interface LoadRun {
  /** Of the second half, once it is warm. */
  readonly windows: readonly Window[]
  readonly peakMib: number
  /** From the start of the process. */
  readonly firstRecordMs: number
  /** The longest time that a checkpoint kept a task from its records. */
  readonly stallMs: number
  readonly checkpoints: number
  /** From the failure of a task to the first record after it; only of `recover`. */
  readonly recoveryMs: number | undefined
}

const checkpointIntervalMs = 1000
/** Of the events: all jobs give more records than that. */
const marksAt = [0.45, 0.6, 0.75, 0.9]

const [name, countText, keyCountText, mode, startText] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await measure()))

async function measure(): Promise<LoadRun> {
  await using folder = await scratchFolder('flink')
  const failure = new PlannedFailure(mode === 'recover', () => performance.now())
  const options: LoadOptions = {
    count: Number(countText),
    keyCount: Number(keyCountText),
    onRecord: () => failure.onRecord(),
  }
  const sink = new MeasuringSink(marksAt.map((part) => Math.trunc(part * options.count)))
  let stallMs = 0
  const metrics: MetricSink = {
    counter: () => ({ add: () => undefined }),
    gauge: () => undefined,
    checkpointEnded({ status, syncMs }) {
      stallMs = Math.max(stallMs, syncMs)
      if (status === 'completed' && sink.records >= options.keyCount) failure.arm()
    },
  }
  const handle = await runJob(define(options, sink), {
    checkpointDirectory: folder.path,
    logger: silentLogger,
    metrics,
  })
  const recoveryMs = await Promise.race([failure.recovered, handle.ended])
  if (typeof recoveryMs === 'number') handle.cancel()
  await handle.ended
  const peakMib = process.resourceUsage().maxRSS / 1024
  if (mode === 'run') check(sink, options)
  return {
    windows: sink.windows,
    peakMib,
    firstRecordMs: (sink.firstRecordMs ?? Number.NaN) - Number(startText),
    stallMs,
    checkpoints: handle.metrics().completedCheckpoints,
    recoveryMs: typeof recoveryMs === 'number' ? recoveryMs : undefined,
  }
}

function define(options: LoadOptions, sink: MeasuringSink): JobDefinition {
  const restart = { type: 'fixed-delay', attemptsMax: 1, delayMs: 0 } as const
  return defineJob(`load-${name}`, { checkpointIntervalMs, restart }, (env) => {
    loadJobs[name as LoadName].build(env, sink.sink, options)
  })
}

/** After all is measured: the loop takes time and memory too. */
function check({ records, sum }: MeasuringSink, options: LoadOptions): void {
  const expected = loadJobs[name as LoadName].expected(options)
  if (records === expected.records && sum === expected.sum) return
  throw new Error(
    `job "${name}" gave ${records} records with sum ${sum}, ` +
      `not ${expected.records} with ${expected.sum}`,
  )
}
