import { fileURLToPath } from 'node:url'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { measureInNode } from '../node-process.ts'
import { median, rounded } from '../statistics.ts'
import { flinkGoals, type LoadFigures } from './flink-goals.ts'
import { findFlinkPeer, type FlinkPeer } from './flink-peer.ts'
import type { LoadName } from './load-jobs.ts'
import type { LoadRun } from './measure.ts'
import type { Window } from './measuring-sink.ts'

const module = fileURLToPath(new URL('measure.ts', import.meta.url))
/** Of the small job that shows how soon the first record comes. */
const coldCount = 1000

interface Sizes {
  /** Events, by job. */
  readonly counts: Readonly<Record<LoadName, number>>
  readonly keyCount: number
  readonly rounds: number
}

const fullSizes: Sizes = {
  counts: { map: 90_000_000, keys: 40_000_000 },
  keyCount: 5_000_000,
  rounds: 3,
}
const quickSizes: Sizes = {
  counts: { map: 2_000_000, keys: 1_000_000 },
  keyCount: 100_000,
  rounds: 1,
}

/** The jobs of the measured baseline of Flink, on flinkts and on Flink in turn. */
export const flinkBench: Bench = {
  name: 'flink',
  description: 'map and rolling keyed count, against Flink on the same machine',
  run,
}

async function run({ quick }: BenchOptions): Promise<BenchResult> {
  const sizes = quick ? quickSizes : fullSizes
  const times = quick ? { warmUp: 5, window: 1 } : { warmUp: 60, window: 10 }
  const found = findFlinkPeer(times, process.env)
  if ('missing' in found) console.log(`without Flink: ${found.missing}`)
  const peer = 'peer' in found ? found.peer : undefined
  const figures = {
    map: await compare('map', sizes, peer),
    keys: await compare('keys', sizes, peer),
    firstRecordMs: await firstRecords(sizes, peer),
    recoveryMs: await recoveries(sizes, peer),
  }
  console.log(`first record, ms  ${bothDescribed(figures.firstRecordMs)}`)
  console.log(`recovery, ms      ${bothDescribed(figures.recoveryMs)}`)
  return { goals: flinkGoals(figures, peer !== undefined), figures: { sizes, times, ...figures } }
}

async function compare(
  name: LoadName,
  { counts, keyCount, rounds }: Sizes,
  peer: FlinkPeer | undefined,
): Promise<LoadFigures> {
  const ours: LoadRun[] = []
  const theirs: (Window & { readonly peakMib: number })[] = []
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measureOurs(name, { count: counts[name], keyCount, mode: 'run' }))
    theirs.push(...((await peer?.windows(name)) ?? []))
  }
  const windows = ours.flatMap((one) => one.windows)
  const figures = {
    flinkts: { ...speedOf(windows), peakMib: Math.max(...ours.map(({ peakMib }) => peakMib)) },
    flink: { ...speedOf(theirs), peakMib: Math.max(...theirs.map(({ peakMib }) => peakMib)) },
    stallMs: Math.max(...ours.map(({ stallMs }) => stallMs)),
    runs: { ours, theirs },
  }
  console.log(`${name.padEnd(5)} flinkts ${described(figures.flinkts)}`)
  if (peer !== undefined) console.log(`      Flink   ${described(figures.flink)}`)
  return figures
}

async function firstRecords(
  { rounds, keyCount }: Sizes,
  peer: FlinkPeer | undefined,
): Promise<{ readonly flinkts: number; readonly flink: number }> {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const cold = await measureOurs('keys', { count: coldCount, keyCount, mode: 'run' })
    ours.push(cold.firstRecordMs)
    const first = await peer?.firstRecord()
    if (first !== undefined) theirs.push(first)
  }
  return { flinkts: median(ours), flink: median(theirs) }
}

async function recoveries(
  { counts, keyCount, rounds }: Sizes,
  peer: FlinkPeer | undefined,
): Promise<{ readonly flinkts: number; readonly flink: number }> {
  const ours: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const count = 10 * counts.keys
    const { recoveryMs } = await measureOurs('keys', { count, keyCount, mode: 'recover' })
    ours.push(recoveryMs ?? Number.NaN)
  }
  return { flinkts: median(ours), flink: median((await peer?.recoveries('keys')) ?? []) }
}

function measureOurs(
  name: LoadName,
  { count, keyCount, mode }: { count: number; keyCount: number; mode: 'run' | 'recover' },
): Promise<LoadRun> {
  const args = [name, String(count), String(keyCount), mode, String(Date.now())]
  return measureInNode<LoadRun>(module, args)
}

function speedOf(windows: readonly Window[]): Window {
  return {
    recordsPerSecond: median(windows.map(({ recordsPerSecond }) => recordsPerSecond)),
    recordsPerCpuSecond: median(windows.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond)),
  }
}

function bothDescribed({ flinkts, flink }: { flinkts: number; flink: number }): string {
  const theirs = Number.isNaN(flink) ? '' : `, Flink ${rounded(flink)}`
  return `flinkts ${rounded(flinkts)}${theirs}`
}

function described(speed: Window & { readonly peakMib: number }): string {
  const { recordsPerSecond, recordsPerCpuSecond, peakMib } = speed
  const millions = (rate: number): string => `${rounded(rate / 1e6)} M records`
  return (
    `${millions(recordsPerSecond)}/s, ${millions(recordsPerCpuSecond)} a CPU second, ` +
    `${Math.round(peakMib)} MiB`
  )
}
