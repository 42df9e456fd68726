import { loadAverage } from '../machine.ts'
import type { FlinkPeer, PeerTimes } from './flink-peer.ts'
import type { LoadName, MeterSettings } from './load.ts'
import type { LoadRun } from './measure.ts'
import type { OurRuns, Recovery } from './our-runs.ts'
import type { PeerWindow } from './peer-output.ts'

/** How much is run. */
export interface Sizes {
  readonly rounds: number
  readonly startRounds: number
  readonly meter: Omit<MeterSettings, 'warmUpRecords'>
  readonly peer: PeerTimes
  /** Failures of the peer; each takes it a minute. */
  readonly peerFailures: number
  /** Events of the run of `hot` that is compared exactly. */
  readonly checkedEvents: number
}

/** Who runs. */
export interface Sides {
  readonly sizes: Sizes
  readonly ours: OurRuns
  readonly peer: FlinkPeer | undefined
}

/** Everything that was run, as it came. */
export interface Runs {
  readonly jobs: Partial<Record<LoadName, JobRuns>>
  start?: StartRuns
  recovery?: RecoveryRuns
}

/** Of one job. */
export interface JobRuns {
  readonly ours: LoadRun[]
  readonly theirs: PeerWindow[]
  /** Only of `keys`. */
  readonly withoutCheckpoints: LoadRun[]
  /** Only of `tumble` and `hot`. */
  readonly oneThread: LoadRun[]
  readonly twoThreads: LoadRun[]
  /** Pairs of processes with one thread each, at the same time: what the machine has for two. */
  readonly apart: (readonly LoadRun[])[]
  /** The load average of the machine, before each round and at the end. */
  readonly load: number[]
}

/** Milliseconds to the first record. */
export interface StartRuns {
  readonly ours: number[]
  readonly theirs: number[]
}

/** With the state of `keys`. */
export interface RecoveryRuns {
  readonly ours: Recovery[]
  readonly theirs: readonly number[]
}

/** Rounds, in each of which everything to be compared has its turn. */
export async function measureJob(job: LoadName, { sizes, ours, peer }: Sides): Promise<JobRuns> {
  if (job === 'hot') await ours.check(job, sizes.checkedEvents)
  const runs: JobRuns = {
    ours: [],
    theirs: [],
    withoutCheckpoints: [],
    oneThread: [],
    twoThreads: [],
    apart: [],
    load: [loadAverage()],
  }
  for (let round = 0; round < sizes.rounds; round += 1) {
    runs.ours.push(await ours.measure(job))
    if (job === 'keys') {
      runs.withoutCheckpoints.push(await ours.measure(job, { checkpointIntervalMs: undefined }))
    }
    if (job === 'tumble' || job === 'hot') {
      runs.oneThread.push(await ours.measure(job, { threads: 1 }))
      runs.twoThreads.push(await ours.measure(job, { threads: 2, parallelism: 2 }))
      runs.apart.push(await Promise.all([0, 1].map(() => ours.measure(job, { threads: 1 }))))
    }
    runs.theirs.push(...((await peer?.windows(job)) ?? []))
    runs.load.push(loadAverage())
  }
  return runs
}

export async function measureStart({ sizes, ours, peer }: Sides): Promise<StartRuns> {
  const runs: StartRuns = { ours: [], theirs: [] }
  for (let round = 0; round < sizes.startRounds; round += 1) {
    runs.ours.push(await ours.firstRecord())
    if (peer !== undefined) runs.theirs.push(await peer.firstRecord())
  }
  return runs
}

export async function measureRecovery({ sizes, ours, peer }: Sides): Promise<RecoveryRuns> {
  const recoveries: Recovery[] = []
  for (let round = 0; round < sizes.rounds; round += 1) recoveries.push(await ours.recover())
  const { peerFailures } = sizes
  const theirs = peerFailures === 0 ? [] : await peer?.recoveries('keys', peerFailures)
  return { ours: recoveries, theirs: theirs ?? [] }
}
