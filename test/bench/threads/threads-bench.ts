import { fileURLToPath } from 'node:url'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { atLeast } from '../goals.ts'
import { loadAverage } from '../machine.ts'
import { measureInNode } from '../node-process.ts'
import { median, rounded } from '../statistics.ts'
import type { ThreadRun } from './measure.ts'

const module = fileURLToPath(new URL('measure.ts', import.meta.url))
const pairCount = 5

/** What a second thread gives when every other record changes threads. */
export const threadsBench: Bench = {
  name: 'threads',
  description: 'keyed count in windows, in two worker threads and in one; needs two free cores',
  run: measureSpeedUp,
}

async function measureSpeedUp({ quick }: BenchOptions): Promise<BenchResult> {
  const count = quick ? 4_000_000 : 20_000_000
  const load = loadAverage()
  const one: ThreadRun[] = []
  const two: ThreadRun[] = []
  for (let index = 0; index < pairCount; index += 1) {
    one.push(await measureInNode(module, [String(count), '1']))
    two.push(await measureInNode(module, [String(count), '2']))
  }
  const speedUp = secondsOf(one) / secondsOf(two)
  console.log(`needs two free cores; the load was ${load} before`)
  console.log(`1 thread   ${described(one)}`)
  console.log(`2 threads  ${described(two)}  ${rounded(speedUp)} times as fast`)
  return {
    goals: [{ name: 'threads-speed-up', figure: speedUp, target: atLeast(1.6), unit: 'x' }],
    figures: { count, load, speedUp, one, two },
  }
}

function described(runs: readonly ThreadRun[]): string {
  const cpuSeconds = median(runs.map((run) => run.cpuSeconds))
  return `${rounded(secondsOf(runs))} s of three quarters, ${rounded(cpuSeconds)} CPU s in all`
}

function secondsOf(runs: readonly ThreadRun[]): number {
  return median(runs.map(({ seconds }) => seconds))
}
