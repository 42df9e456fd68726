import { fileURLToPath } from 'node:url'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { atMost } from '../goals.ts'
import { measureInNode } from '../node-process.ts'
import { median, rounded } from '../statistics.ts'
import type { CheckpointRun } from './measure.ts'

const module = fileURLToPath(new URL('measure.ts', import.meta.url))
const pairCount = 5
const intervalMs = 1000

/** What a checkpoint each second costs a job with state and a transactional sink. */
export const checkpointOverheadBench: Bench = {
  name: 'checkpoint-overhead',
  description: 'keyed count into files, with a checkpoint each second and without',
  run,
}

async function run({ quick }: BenchOptions): Promise<BenchResult> {
  const count = quick ? 1_000_000 : 6_000_000
  const on: CheckpointRun[] = []
  const off: CheckpointRun[] = []
  for (let index = 0; index < pairCount; index += 1) {
    on.push(await measureInNode(module, [String(intervalMs), String(count)]))
    off.push(await measureInNode(module, ['off', String(count)]))
  }
  const overhead = 100 * (secondsOf(on) / secondsOf(off) - 1)
  const cpuOverhead = 100 * (cpuOf(on) / cpuOf(off) - 1)
  console.log(`checkpoints each second  ${described(count, on)}`)
  console.log(`checkpoints off          ${described(count, off)}`)
  console.log(`overhead ${rounded(overhead, 1)} %, of processor time ${rounded(cpuOverhead, 1)} %`)
  return {
    goals: [{ name: 'checkpoint-overhead', figure: overhead, target: atMost(15), unit: '%' }],
    figures: { count, intervalMs, overhead, cpuOverhead, on, off },
  }
}

function described(count: number, runs: readonly CheckpointRun[]): string {
  const rate = Math.round(count / secondsOf(runs))
  return `${rate.toLocaleString('en')} records/s, ${rounded(cpuOf(runs))} CPU s`
}

function secondsOf(runs: readonly CheckpointRun[]): number {
  return median(runs.map(({ seconds }) => seconds))
}

function cpuOf(runs: readonly CheckpointRun[]): number {
  return median(runs.map(({ cpuSeconds }) => cpuSeconds))
}
