/** `measure.ts job|loop <numbers>`: one run; prints a `RecordPathRun`. */
import { defineJob, runJob, silentLogger } from '@flinkts/core'
import type { Sink } from '@flinkts/core/connector'
import { type RangeTimes, rangeSource } from '../range-source.ts'
import { scratchFolder } from '../scratch.ts'
import { isLarge, Sum, toAmounts, toOrder } from './steps.ts'

/** One run. */
export interface RecordPathRun {
  readonly seconds: number
  /** The same in every run, or it did not do the work. */
  readonly sum: number
}

const [kind, countText] = process.argv.slice(2)
const run = kind === 'job' ? await runInJob(Number(countText)) : runInLoop(Number(countText))
process.stdout.write(JSON.stringify(run))

function runInLoop(count: number): RecordPathRun {
  const sum = new Sum()
  const startedMs = performance.now()
  for (let number = 0; number < count; number += 1) {
    const order = toOrder(number)
    if (!isLarge(order)) continue
    for (const amount of toAmounts(order)) sum.add(amount)
  }
  return { seconds: (performance.now() - startedMs) / 1000, sum: sum.value }
}

async function runInJob(count: number): Promise<RecordPathRun> {
  await using folder = await scratchFolder('record-path')
  const sum = new Sum()
  const times: RangeTimes = { startedMs: 0, endedMs: 0 }
  const job = defineJob('record-path', { guarantee: 'at-least-once' }, (env) => {
    env
      .source('numbers', rangeSource(count, times))
      .map(toOrder)
      .filter(isLarge)
      .flatMap(toAmounts)
      .sinkTo('sum', sumSink(sum))
  })
  const handle = await runJob(job, { checkpointDirectory: folder.path, logger: silentLogger })
  await handle.ended
  return { seconds: (times.endedMs - times.startedMs) / 1000, sum: sum.value }
}

function sumSink(sum: Sum): Sink<number, never, 'at-least-once'> {
  return {
    description: 'a sum in memory',
    guarantee: 'at-least-once',
    mechanism: 'none',
    createWriter: () =>
      Promise.resolve({
        write: (number) => sum.add(number),
        flush: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
  }
}
