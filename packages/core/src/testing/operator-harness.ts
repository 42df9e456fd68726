import type { DataStream } from '../api/data-stream.ts'
import { defineJob, type JobDefinition } from '../api/define-job.ts'
import type { StreamEnvironment } from '../api/stream-environment.ts'
import { FlinktsError } from '../common/errors.ts'
import type { OutputTag } from '../operators/output-tag.ts'
import { collectSink } from './collect-sink.ts'
import { collectionSource } from './collection-source.ts'
import type { HarnessElement } from './harness/harness-outputs.ts'
import { harnessOutputId } from './harness/harness-plan.ts'
import type { HarnessSnapshot } from './harness/harness-snapshot.ts'
import { HarnessTask, type HarnessTaskOptions } from './harness/harness-task.ts'

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

/** What harnesses of one and of two inputs have in common. @public */
export class Harness<Out> {
  /** @internal */
  protected readonly task: HarnessTask

  /** @internal */
  constructor(task: HarnessTask) {
    this.task = task
  }

  /** What the clock shows, in milliseconds since 1970; it stands still. */
  get processingTime(): number {
    return this.task.now
  }

  /**
   * Lets time pass until the clock shows `timeMs`, and runs timers and what follows on the way, in
   * order. Rejects with what an operator throws.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if it would go back
   */
  async advanceProcessingTimeTo(timeMs: number): Promise<void> {
    await this.task.advanceTo(timeMs)
  }

  /** Lets asynchronous work that needs no time come to rest. Rejects with what it throws. */
  async settle(): Promise<void> {
    await this.task.settle()
  }

  /**
   * Ends event time and the input, and lets as much time pass as operators need to finish, an hour
   * at most.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if they do not finish
   */
  async endInput(): Promise<void> {
    await this.task.endInput()
  }

  /** What came out of the main output since the last call, in order. */
  take(): readonly HarnessElement<Out>[] {
    return this.task.outputs.take() as readonly HarnessElement<Out>[]
  }

  /** As `take`, without watermarks and idleness. */
  takeValues(): readonly Out[] {
    return valuesOf(this.task.outputs.take()) as readonly Out[]
  }

  /** What operators emitted to the side output since the last call. */
  takeSide<T>(tag: OutputTag<T>): readonly T[] {
    return valuesOf(this.task.outputs.takeSide(tag.id)) as readonly T[]
  }

  /**
   * Takes a checkpoint; the harness goes on. Rejects with what makes a job's checkpoint fail.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if an operator is in the middle of something
   */
  async snapshot(): Promise<HarnessSnapshot> {
    return this.task.snapshot()
  }

  /** Closes the operators, without ending their input. Idempotent. */
  async close(): Promise<void> {
    await this.task.close()
  }
}

/** Plays one subtask of operators with one input; made by `operatorHarness`. @public */
export class OperatorHarness<In, Out> extends Harness<Out> {
  /**
   * Gives a record to the operators; without `timestamp` it has no event time. Whatever follows at
   * once has happened when it returns.
   *
   * @throws whatever the operators throw; FlinktsError FLINKTS_TEST_INVALID if the record's key
   * belongs to another subtask
   */
  push(value: In, timestamp?: number): void {
    this.task.checkOpen()
    this.task.input(0).push(value, timestamp)
    this.task.run()
  }

  /** Whether the subtask that is played gets the record. */
  owns(value: In): boolean {
    return this.task.input(0).owns(value)
  }

  /** No record with a timestamp <= `timestamp` follows: fires timers. Ignored if it goes back. */
  watermark(timestamp: number): void {
    this.task.checkOpen()
    this.task.input(0).watermark(timestamp)
    this.task.run()
  }

  /** The input becomes (in)active; records and watermarks make it active too. */
  idle(idle: boolean): void {
    this.task.checkOpen()
    this.task.input(0).setIdle(idle)
    this.task.run()
  }
}

/** Plays one subtask of operators with two inputs; made by `twoInputHarness`. @public */
export class TwoInputHarness<Left, Right, Out> extends Harness<Out> {
  /** See `OperatorHarness.push`. */
  push(input: 0, value: Left, timestamp?: number): void
  push(input: 1, value: Right, timestamp?: number): void
  push(input: 0 | 1, value: unknown, timestamp?: number): void {
    this.task.checkOpen()
    this.task.input(input).push(value, timestamp)
    this.task.run()
  }

  /** Whether the subtask that is played gets the record. */
  owns(input: 0, value: Left): boolean
  owns(input: 1, value: Right): boolean
  owns(input: 0 | 1, value: unknown): boolean {
    return this.task.input(input).owns(value)
  }

  /** See `OperatorHarness.watermark`; the operators see the lower one of both inputs. */
  watermark(input: 0 | 1, timestamp: number): void {
    this.task.checkOpen()
    this.task.input(input).watermark(timestamp)
    this.task.run()
  }

  /** See `OperatorHarness.idle`. */
  idle(input: 0 | 1, idle: boolean): void {
    this.task.checkOpen()
    this.task.input(input).setIdle(idle)
    this.task.run()
  }
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
  const job = harnessJob(options, (env) => build(env.source(inputIds[0], collectionSource<In>([]))))
  return new OperatorHarness(await HarnessTask.start(job, taskOptions(job, options, [inputIds[0]])))
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
  const job = harnessJob(options, (env) =>
    build(
      env.source(inputIds[0], collectionSource<Left>([])),
      env.source(inputIds[1], collectionSource<Right>([])),
    ),
  )
  return new TwoInputHarness(await HarnessTask.start(job, taskOptions(job, options, inputIds)))
}

/** The sources that stand for the inputs. */
const inputIds = ['harness-input', 'harness-input2'] as const

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
  ids: readonly string[],
): HarnessTaskOptions {
  const { parallelism } = job.options
  checkWhole('subtask', subtask, parallelism - 1)
  checkWhole('startTimeMs', startTimeMs, Number.MAX_SAFE_INTEGER)
  const snapshots = 'manifest' in restore ? [restore] : restore
  return { subtask, parallelism, startTimeMs, restore: snapshots, inputIds: ids }
}

function checkWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return
  throw new FlinktsError('FLINKTS_OPTION_INVALID', `option "${name}" of the harness is ${value}`, {
    hint: `Use a whole number from 0 to ${max}.`,
  })
}

function valuesOf(elements: readonly HarnessElement[]): readonly unknown[] {
  return elements.flatMap((element) => (element.type === 'record' ? [element.value] : []))
}
