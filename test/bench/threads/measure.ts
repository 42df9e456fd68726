/** `measure.ts <bids> <threads>`: one run, as parallel as it has threads; prints a `ThreadRun`. */
import { BroadcastChannel } from 'node:worker_threads'
import { runJob, silentLogger } from '@flinkts/core'
import { scratchFolder } from '../scratch.ts'
import job, { type Mark, markChannel } from './window-count.job.ts'

/** One run. */
export interface ThreadRun {
  /** From when the first reader was warm to when the last had read all. */
  readonly seconds: number
  /** Of the process, from its start to its end. */
  readonly cpuSeconds: number
}

const [countText, threadsText] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await run(Number(countText), Number(threadsText))))

async function run(count: number, threads: number): Promise<ThreadRun> {
  await using folder = await scratchFolder('threads')
  const marks: Mark[] = []
  const channel = new BroadcastChannel(markChannel)
  channel.addEventListener('message', (event: object) => {
    if ('data' in event) marks.push(event.data as Mark)
  })
  const handle = await runJob(job, {
    checkpointDirectory: folder.path,
    logger: silentLogger,
    threads,
    parallelism: threads,
    module: new URL('window-count.job.ts', import.meta.url),
  })
  await handle.ended
  channel.close()
  const counted = sum(marks.map((mark) => (mark.type === 'counted' ? mark.bids : 0)))
  if (counted !== count) throw new Error(`the job counted ${counted} of ${count} bids`)
  const { user, system } = process.cpuUsage()
  return {
    seconds: (Math.max(...timesOf(marks, 'end')) - Math.min(...timesOf(marks, 'warm'))) / 1000,
    cpuSeconds: (user + system) / 1e6,
  }
}

function timesOf(marks: readonly Mark[], type: 'warm' | 'end'): readonly number[] {
  return marks.flatMap((mark) => (mark.type === type ? [mark.ms] : []))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
