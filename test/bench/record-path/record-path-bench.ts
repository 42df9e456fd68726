import { fileURLToPath } from 'node:url'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { atLeast, atMost } from '../goals.ts'
import { measureInNode } from '../node-process.ts'
import { median, rounded } from '../statistics.ts'
import type { RecordPathRun } from './measure.ts'

const module = fileURLToPath(new URL('measure.ts', import.meta.url))
const runCount = 5

/** What the operators of a chain cost, beside the same work in a loop written by hand. */
export const recordPathBench: Bench = {
  name: 'record-path',
  description: 'map, filter, flatMap and a sink in one chain, against a loop written by hand',
  run,
}

async function run({ quick }: BenchOptions): Promise<BenchResult> {
  const count = quick ? 3_000_000 : 30_000_000
  const jobs: RecordPathRun[] = []
  const loops: RecordPathRun[] = []
  for (let index = 0; index < runCount; index += 1) {
    jobs.push(await measureInNode(module, ['job', String(count)]))
    loops.push(await measureInNode(module, ['loop', String(count)]))
  }
  const sums = new Set([...jobs, ...loops].map(({ sum }) => sum))
  if (sums.size !== 1) throw new Error(`the job and the loop differ: ${[...sums].join(', ')}`)
  const jobRate = count / median(jobs.map(({ seconds }) => seconds))
  const loopRate = count / median(loops.map(({ seconds }) => seconds))
  const nanoseconds = 1e9 / jobRate
  const ratio = jobRate / loopRate
  console.log(`job   ${perSecond(jobRate)}  ${rounded(nanoseconds, 1)} ns a record`)
  console.log(`loop  ${perSecond(loopRate)}  the job makes ${rounded(ratio, 3)} of it`)
  return {
    goals: [
      { name: 'record-path-cost', figure: nanoseconds, target: atMost(60), unit: 'ns' },
      { name: 'record-path-of-loop', figure: ratio, target: atLeast(0.25), unit: 'x' },
    ],
    figures: { count, jobRate, loopRate, nanoseconds, ratio, jobs, loops },
  }
}

function perSecond(rate: number): string {
  return `${(rate / 1e6).toFixed(1).padStart(6)} M records/s`
}
