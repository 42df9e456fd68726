/** `measure.ts <interval in ms|off> <numbers>`: one run; prints a `CheckpointRun`. */
import { defineJob, runJob, silentLogger, valueState } from '@flinkts/core'
import { fileSink } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'
import { type RangeTimes, rangeSource } from '../range-source.ts'
import { scratchFolder } from '../scratch.ts'

/** One run, from the first record to the end of the job, its last commit included. */
export interface CheckpointRun {
  readonly seconds: number
  readonly cpuSeconds: number
}

const keyCount = 100_000
/** Longer than any run: what is left is the final checkpoint. */
const offMs = 86_400_000

const [interval, countText] = process.argv.slice(2)
const intervalMs = interval === 'off' ? offMs : Number(interval)
process.stdout.write(JSON.stringify(await run(Number(countText))))

async function run(count: number): Promise<CheckpointRun> {
  await using folder = await scratchFolder('checkpoint-overhead')
  const times: RangeTimes = { startedMs: 0, endedMs: 0 }
  const job = defineJob('keyed-count', { checkpointIntervalMs: intervalMs }, (env) => {
    env
      .source('numbers', rangeSource(count, times))
      .keyBy((number) => (number * 7919) % keyCount)
      .process('count', {
        state: { count: valueState<number>() },
        *process(number, state, { key }) {
          const next = (state.count.get() ?? 0) + 1
          state.count.set(next)
          yield { key, number, count: next }
        },
      })
      .sinkTo('files', fileSink({ path: `${folder.path}/out`, format: jsonLines() }))
  })
  const handle = await runJob(job, {
    checkpointDirectory: `${folder.path}/checkpoints`,
    logger: silentLogger,
  })
  await handle.ended
  const { user, system } = process.cpuUsage()
  return {
    seconds: (performance.now() - times.startedMs) / 1000,
    cpuSeconds: (user + system) / 1e6,
  }
}
