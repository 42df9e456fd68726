import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import { defaultRestartStrategy, type RestartStrategy } from '../scheduler/restart-strategy.ts'
import { maxParallelismLimit } from '../state/key.ts'

/** What a job promises and how it runs. Times are in milliseconds. @public */
export interface JobOptions<Guarantee extends DeliveryGuarantee = DeliveryGuarantee> {
  /** Default `exactly-once`. Sources and sinks that cannot give it do not compile, nor start. */
  readonly guarantee?: Guarantee
  /** Subtasks of every operator that does not say otherwise, >= 1; default 1. */
  readonly parallelism?: number
  /**
   * The number of key groups: the upper bound of every parallelism, 1 to 32768; default 128. Fixed
   * for the life of the job's state.
   */
  readonly maxParallelism?: number
  /**
   * From one checkpoint to the next, >= 1; default 1000. Output becomes visible at checkpoints. The
   * first one of an attempt comes after a quarter of it.
   */
  readonly checkpointIntervalMs?: number
  /** The least time between the end of a checkpoint and the next, >= 0; default 0. */
  readonly checkpointMinPauseMs?: number
  /** A checkpoint that takes longer fails, >= 1; default 600 000. */
  readonly checkpointTimeoutMs?: number
  /** Checkpoints that may fail in a row before the job fails, >= 0; default 2. */
  readonly tolerableCheckpointFailures?: number
  /** Completed checkpoints that are kept, >= 1; default 2. */
  readonly retainedCheckpointsMax?: number
  /**
   * How often watermark strategies emit, at the least, and look at idleness, 1 to 2^31 - 1; default
   * 200. They also emit after 131 072 records.
   */
  readonly autoWatermarkIntervalMs?: number
  /**
   * Worker threads that run the subtasks, 0 to 256; default 0: the caller's thread runs everything.
   * Subtask i of every operator runs in thread i modulo their number, so more threads than the
   * largest parallelism are not used.
   */
  readonly threads?: number
  /** Default: exponential delay from 0.5 s to 60 s, 10 attempts in a row. */
  readonly restart?: RestartStrategy
}

const defaults: ResolvedJobOptions = {
  guarantee: 'exactly-once',
  parallelism: 1,
  maxParallelism: 128,
  checkpointIntervalMs: 1000,
  checkpointMinPauseMs: 0,
  checkpointTimeoutMs: 600_000,
  tolerableCheckpointFailures: 2,
  retainedCheckpointsMax: 2,
  autoWatermarkIntervalMs: 200,
  threads: 0,
  restart: defaultRestartStrategy,
}

/** Job options with every default filled in. @internal */
export type ResolvedJobOptions = Required<JobOptions>

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveJobOptions(jobName: string, options: JobOptions): ResolvedJobOptions {
  const resolved = { ...defaults, ...options }
  checkGuarantee(jobName, resolved.guarantee)
  for (const [name, { min, max }] of Object.entries(ranges)) {
    checkRange(jobName, name, resolved[name as keyof typeof ranges], { min, max })
  }
  return resolved
}

/**
 * The number of threads of a run: `given`, or that of the job.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveThreads(
  jobName: string,
  options: ResolvedJobOptions,
  given: number | undefined,
): number {
  const threads = given ?? options.threads
  checkRange(jobName, 'threads', threads, ranges.threads)
  return threads
}

/**
 * The limit of the heap of a thread, in MiB, if there is one.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveThreadHeap(jobName: string, given: number | undefined): number | undefined {
  if (given !== undefined) checkRange(jobName, 'threadHeapMibMax', given, threadHeapRange)
  return given
}

interface Range {
  /** Inclusive, both. */
  readonly min: number
  readonly max: number
}

function checkRange(jobName: string, name: string, value: number, { min, max }: Range): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `option "${name}" of job "${jobName}" is ${value}`,
    {
      hint: `Use a whole number from ${min}${max === Infinity ? '' : ` to ${max}`}.`,
    },
  )
}

const ranges = {
  parallelism: { min: 1, max: maxParallelismLimit },
  maxParallelism: { min: 1, max: maxParallelismLimit },
  checkpointIntervalMs: { min: 1, max: Infinity },
  checkpointMinPauseMs: { min: 0, max: Infinity },
  checkpointTimeoutMs: { min: 1, max: Infinity },
  tolerableCheckpointFailures: { min: 0, max: Infinity },
  retainedCheckpointsMax: { min: 1, max: Infinity },
  autoWatermarkIntervalMs: { min: 1, max: 2 ** 31 - 1 },
  threads: { min: 0, max: 256 },
} as const

/** In MiB: with less, a thread cannot even load its job. */
const threadHeapRange = { min: 32, max: Infinity } as const

const guarantees: readonly string[] = [
  'exactly-once',
  'effectively-once',
  'at-least-once',
] satisfies readonly DeliveryGuarantee[]

/** For users of JavaScript, whom no type stops. */
function checkGuarantee(jobName: string, guarantee: string): void {
  if (guarantees.includes(guarantee)) return
  throw new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `option "guarantee" of job "${jobName}" is "${guarantee}"`,
    { hint: `Use one of ${guarantees.map((name) => `"${name}"`).join(', ')}.` },
  )
}
