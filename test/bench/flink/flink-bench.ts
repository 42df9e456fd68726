import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { buildPackages } from '../build-packages.ts'
import { cacheFolder } from '../installation.ts'
import { partsOf } from '../parts.ts'
import { figuresOf, printFigures } from './flink-figures.ts'
import { flinkGoals } from './flink-goals.ts'
import { FlinkPeer } from './flink-peer.ts'
import {
  measureJob,
  measureRecovery,
  measureStart,
  type Runs,
  type Sides,
  type Sizes,
} from './flink-runs.ts'
import { loadNames } from './load.ts'
import { OurRuns } from './our-runs.ts'
import { findPeer } from './peer-build.ts'

/** The parts of the bench: the jobs, and a process that starts. */
const partNames = [...loadNames, 'start'] as const

const fullSizes: Sizes = {
  rounds: 3,
  startRounds: 5,
  meter: { warmUp: 8, window: 4, windowCount: 3 },
  peer: { warmUp: 40, window: 5, windowCount: 3 },
  peerFailures: 2,
  checkedEvents: 1_000_000,
}
const quickSizes: Sizes = {
  rounds: 1,
  startRounds: 1,
  meter: { warmUp: 1, window: 0.5, windowCount: 3 },
  peer: { warmUp: 5, window: 1, windowCount: 1 },
  peerFailures: 0,
  checkedEvents: 200_000,
}

/** The jobs of the measured baseline of Flink, on flinkts and on Flink in turn. */
export const flinkBench: Bench = {
  name: 'flink',
  description: 'map, windows and many keys, against Flink on the same machine',
  run,
}

async function run({ quick, only }: BenchOptions): Promise<BenchResult> {
  const parts = partsOf(partNames, only)
  const sizes = quick ? quickSizes : fullSizes
  buildPackages()
  const found = await findPeer(process.env, cacheFolder())
  if ('missing' in found) console.log(`without Flink: ${found.missing}`)
  const sides: Sides = {
    sizes,
    ours: new OurRuns(sizes.meter),
    peer: 'folder' in found ? new FlinkPeer(found.folder, sizes.peer) : undefined,
  }
  const runs: Runs = { jobs: {} }
  for (const part of parts) {
    if (part === 'start') runs.start = await measureStart(sides)
    else runs.jobs[part] = await measureJob(part, sides)
  }
  if (parts.includes('keys')) runs.recovery = await measureRecovery(sides)
  const figures = figuresOf(runs)
  printFigures(figures, runs)
  return { goals: flinkGoals(figures), figures: { sizes, ...figures, runs } }
}
