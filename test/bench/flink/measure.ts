/** `measure.ts <MeasureArguments>`: one run of flinkts in this process; prints a `LoadRun`. */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type CheckpointStats,
  type JobHandle,
  type MetricSink,
  runJob,
  silentLogger,
} from '@flinkts/core'
import { sinkGauges } from './digest-sink.ts'
import { expectedOf, fulfils } from './expected.ts'
import { sourceGauges } from './generated-source.ts'
import job, { plannedFailure } from './load.job.ts'
import type { Load } from './load.ts'
import type { Window } from './run-meter.ts'

/** What a process is to run. */
export interface MeasureArguments extends Load {
  /**
   * `run`: to the end. `crash`: until it has recovered from a failure of a task, and is killed.
   * `resume`: until the first record.
   */
  readonly mode: 'run' | 'crash' | 'resume'
  readonly threads: number
  readonly checkpointDirectory: string
  /** When the process was started, milliseconds since 1970. */
  readonly startedMs: number
}

/** One run. */
export interface LoadRun {
  readonly windows: readonly Window[]
  readonly peakMib: number
  /** From the start of the process. */
  readonly firstRecordMs: number
  /** The longest time that a checkpoint kept a task from its records. */
  readonly stallMs: number
  /** The longest time between two turns of the source, for whatever reason. */
  readonly pauseMs: number
  readonly checkpoints: number
  /** Of the largest checkpoint. */
  readonly stateBytes: number
  /** From the failure of a task to the first record after it; only of `crash`. */
  readonly recoveryMs: number | undefined
}

const firstRecordPollMs = 2

const args = JSON.parse(process.argv[2] ?? '') as MeasureArguments
const completed: CheckpointStats[] = []
/** Whether all keys had state when a checkpoint was completed: so the next one has them all. */
let allKeysThere = false
await main()

async function main(): Promise<void> {
  const handle = await runJob(job, {
    checkpointDirectory: args.checkpointDirectory,
    threads: args.threads,
    module: import.meta.resolve('./load.job.ts'),
    logger: silentLogger,
    metrics: onCheckpoint((stats) => {
      completed.push(stats)
      if (args.mode === 'crash') armWhenAllKeysAreStored(handle)
    }),
  })
  const recoveryMs = await reach(handle)
  const run = describe(handle, recoveryMs)
  if (args.mode === 'run') check(handle)
  writeSync(process.stdout.fd, JSON.stringify(run))
  if (args.mode === 'crash') process.kill(process.pid, 'SIGKILL')
}

/** Waits for what the mode is about. @returns how long the recovery took, of `crash`. */
async function reach(handle: JobHandle): Promise<number | undefined> {
  if (args.mode === 'crash') {
    const recoveryMs = await Promise.race([plannedFailure.recovered, handle.ended])
    if (typeof recoveryMs === 'number') return recoveryMs
    throw new Error('the job ended before it failed')
  }
  if (args.mode === 'resume') {
    while (sumOf(handle, sinkGauges.records) === 0) await delay(firstRecordPollMs)
    handle.cancel()
  }
  await handle.ended
  return undefined
}

function onCheckpoint(listener: (stats: CheckpointStats) => void): MetricSink {
  return {
    counter: () => ({ add: () => undefined }),
    gauge: () => undefined,
    checkpointEnded: (stats) => {
      if (stats.status === 'completed') listener(stats)
    },
  }
}

function armWhenAllKeysAreStored(handle: JobHandle): void {
  if (allKeysThere) plannedFailure.arm()
  allKeysThere = sumOf(handle, sourceGauges.events) > args.keyCount
}

function describe(handle: JobHandle, recoveryMs: number | undefined): LoadRun {
  const firstRecordMs = Math.min(...valuesOf(handle, sinkGauges.firstRecordMs))
  return {
    windows: Array.from({ length: args.meter?.windowCount ?? 0 }, (_, index) => ({
      recordsPerSecond: sumOf(handle, sourceGauges.windowRate(index)),
      recordsPerCpuSecond: sumOf(handle, sourceGauges.windowCpuRate(index)),
    })),
    peakMib: process.resourceUsage().maxRSS / 1024,
    firstRecordMs: firstRecordMs - args.startedMs,
    stallMs: Math.max(0, ...completed.map(({ stallMs }) => stallMs)),
    pauseMs: Math.max(...valuesOf(handle, sourceGauges.pauseMs)),
    checkpoints: completed.length,
    stateBytes: Math.max(0, ...completed.map(({ stateBytes }) => stateBytes)),
    recoveryMs,
  }
}

/** After all is measured: the loop takes time and memory too. */
function check(handle: JobHandle): void {
  const events = valuesOf(handle, sourceGauges.events)
  const found = {
    records: sumOf(handle, sinkGauges.records),
    sum: sumOf(handle, sinkGauges.sum) | 0,
  }
  const expected = expectedOf(args, events)
  if (fulfils(found, expected)) return
  const texts = [found, expected].map((value) => JSON.stringify(value))
  throw new Error(`job "${args.job}" gave ${texts[0]}, not ${texts[1]}`)
}

function sumOf(handle: JobHandle, name: string): number {
  return valuesOf(handle, name).reduce((sum, value) => sum + value, 0)
}

/** By subtask. */
function valuesOf(handle: JobHandle, name: string): readonly number[] {
  return handle
    .metrics()
    .values.filter((metric) => metric.name === name)
    .toSorted((one, other) => one.subtask - other.subtask)
    .map(({ value }) => value)
}
