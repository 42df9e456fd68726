import type { DataStream } from '../api/data-stream.ts'
import { defineJob, type JobDefinition } from '../api/define-job.ts'
import type { StreamEnvironment } from '../api/stream-environment.ts'
import { FlinktsError } from '../common/errors.ts'
import { collectSink } from './collect-sink.ts'
import { collectionSource } from './collection-source.ts'
import { harnessOutputId } from './harness/harness-plan.ts'
import type { HarnessSnapshot } from './harness/harness-snapshot.ts'
import { HarnessTask, type HarnessTaskOptions } from './harness/harness-task.ts'
import { type Harness, TaskHarness } from './harness/task-harness.ts'

/** A stream of the job that a harness makes. @public */
export type HarnessStream<T> = DataStream<T, 'exactly-once'>

/** Which subtask a harness plays, and where it begins. @public */
export interface HarnessOptions {
  /** Subtasks of every operator, 1 to `maxParallelism`; default 1. */
  readonly parallelism?: number
  /** The one that is played: 0 (inclusive, default) to `parallelism` (exclusive). */
  readonly subtask?: number
  /** The number of key groups, 1 to 32768; default 128. */
  readonly maxParallelism?: number
  /**
   * State to begin with: one snapshot of every subtask, of any parallelism; that of the same
   * subtask is enough if the parallelism is the same.
   */
  readonly restore?: HarnessSnapshot | readonly HarnessSnapshot[]
  /** What the clock shows at first, in whole milliseconds since 1970, >= 0; default 0. */
  readonly startTimeMs?: number
}

/** Plays one subtask of operators with one input. @public */
export interface OperatorHarness<In, Out> extends Harness<Out> {
  /**
   * Gives a record to the operators; without `timestamp` it has no event time. What follows from it
   * without waiting has happened when it returns.
   *
   * @throws whatever the operators throw; FlinktsError FLINKTS_TEST_INVALID if the record's key
   * belongs to another subtask
   */
  push(value: In, timestamp?: number): void
  /** Whether the subtask that is played gets the record. */
  owns(value: In): boolean
  /** No record with a timestamp <= `timestamp` follows: fires timers. Ignored if it goes back. */
  watermark(timestamp: number): void
  /** The input becomes idle, or active; records and watermarks make it active too. */
  idle(idle: boolean): void
}

/**
 * A record for one of two inputs: which one, the value, and its event time, if it has one. @public
 */
export type TwoInputRecord<Left, Right> =
  | readonly [input: 0, value: Left, timestamp?: number]
  | readonly [input: 1, value: Right, timestamp?: number]

/** Plays one subtask of operators with two inputs, 0 and 1. @public */
export interface TwoInputHarness<Left, Right, Out> extends Harness<Out> {
  /** See `OperatorHarness.push`. */
  push(...record: TwoInputRecord<Left, Right>): void
  /** Whether the subtask that is played gets the record. */
  owns(...record: TwoInputRecord<Left, Right>): boolean
  /** See `OperatorHarness.watermark`; operators see the lower one of both inputs. */
  watermark(input: 0 | 1, timestamp: number): void
  /** See `OperatorHarness.idle`. */
  idle(input: 0 | 1, idle: boolean): void
}

/**
 * Plays one subtask of the operators that `build` puts behind its input, as a job would run them:
 * the same chain, state, timers and snapshots. Time stands still unless the test moves it. With a
 * parallelism above 1 the first operator is the keyed one.
 *
 * @throws FlinktsError FLINKTS_TEST_INVALID if it is more than one chain of operators;
 * FLINKTS_OPTION_INVALID; and what a job throws when it is defined or restored
 * @public
 */
export async function operatorHarness<In, Out>(
  build: (input: HarnessStream<In>) => HarnessStream<Out>,
  options: HarnessOptions = {},
): Promise<OperatorHarness<In, Out>> {
  const [id] = harnessInputIds
  const job = harnessJob(options, (env) => build(env.source(id, collectionSource<In>([]))))
  return startOperatorHarness(job, options)
}

/** A harness of a job with the source and the sink of one. @internal */
export async function startOperatorHarness<In, Out>(
  job: JobDefinition,
  options: HarnessOptions,
): Promise<OperatorHarness<In, Out>> {
  const [id] = harnessInputIds
  const task = await HarnessTask.start(job, taskOptions(job, options, [id]))
  return Object.assign(new TaskHarness<Out>(task), {
    push: (value: In, timestamp?: number): void => task.push(0, value, timestamp),
    owns: (value: In): boolean => task.owns(0, value),
    watermark: (timestamp: number): void => task.watermark(0, timestamp),
    idle: (idle: boolean): void => task.idle(0, idle),
  })
}

/**
 * As `operatorHarness`, for operators with two inputs.
 *
 * @throws FlinktsError see `operatorHarness`
 * @public
 */
export async function twoInputHarness<Left, Right, Out>(
  build: (left: HarnessStream<Left>, right: HarnessStream<Right>) => HarnessStream<Out>,
  options: HarnessOptions = {},
): Promise<TwoInputHarness<Left, Right, Out>> {
  const [left, right] = harnessInputIds
  const job = harnessJob(options, (env) =>
    build(
      env.source(left, collectionSource<Left>([])),
      env.source(right, collectionSource<Right>([])),
    ),
  )
  return startTwoInputHarness(job, options)
}

/** A harness of a job with the sources and the sink of one. @internal */
export async function startTwoInputHarness<Left, Right, Out>(
  job: JobDefinition,
  options: HarnessOptions,
): Promise<TwoInputHarness<Left, Right, Out>> {
  const task = await HarnessTask.start(job, taskOptions(job, options, harnessInputIds))
  return Object.assign(new TaskHarness<Out>(task), {
    push: (...[input, value, timestamp]: TwoInputRecord<Left, Right>): void =>
      task.push(input, value, timestamp),
    owns: (...[input, value]: TwoInputRecord<Left, Right>): boolean => task.owns(input, value),
    watermark: (input: 0 | 1, timestamp: number): void => task.watermark(input, timestamp),
    idle: (input: 0 | 1, idle: boolean): void => task.idle(input, idle),
  })
}

/** The sources that stand for the inputs. @internal */
export const harnessInputIds = ['harness-input', 'harness-input2'] as const

function harnessJob<Out>(
  { parallelism = 1, maxParallelism = 128 }: HarnessOptions,
  build: (env: StreamEnvironment<'exactly-once'>) => HarnessStream<Out>,
): JobDefinition {
  return defineJob('harness', { parallelism, maxParallelism }, (env) => {
    build(env).sinkTo(harnessOutputId, collectSink<Out>())
  })
}

function taskOptions(
  job: JobDefinition,
  { subtask = 0, startTimeMs = 0, restore = [] }: HarnessOptions,
  inputIds: readonly string[],
): HarnessTaskOptions {
  const { parallelism } = job.options
  checkWhole('subtask', subtask, parallelism - 1)
  checkWhole('startTimeMs', startTimeMs, Number.MAX_SAFE_INTEGER)
  const snapshots = 'manifest' in restore ? [restore] : restore
  return { subtask, parallelism, startTimeMs, restore: snapshots, inputIds }
}

function checkWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return
  throw new FlinktsError('FLINKTS_OPTION_INVALID', `option "${name}" of the harness is ${value}`, {
    hint: `Use a whole number from 0 to ${max}.`,
  })
}
