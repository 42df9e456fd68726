import type { JobDefinition } from '../../api/define-job.ts'
import { assert, defined } from '../../common/assert.ts'
import { FlinktsError, fromErrorPayload } from '../../common/errors.ts'
import { silentLogger } from '../../common/logger.ts'
import { MetricRegistry } from '../../common/metric-registry.ts'
import { SeededPrng } from '../../common/prng.ts'
import { loadLists } from '../../checkpoint/load-lists.ts'
import { encodeManifest } from '../../checkpoint/manifest.ts'
import { defaultChannelLimits } from '../../network/channel.ts'
import { buildManifest } from '../../scheduler/build-manifest.ts'
import { planRestore } from '../../scheduler/restore-plan.ts'
import { checkpointDirectory } from '../../state/checkpoint-path.ts'
import { defaultSliceLimits } from '../../state/keyed-snapshot.ts'
import type { OperatorSubtaskState } from '../../state/operator-state.ts'
import { buildTask } from '../../task/build-task.ts'
import { defaultTaskLimits, type StreamTask } from '../../task/stream-task.ts'
import type { Deployment, TaskEvent } from '../../task/task-protocol.ts'
import { ManualScheduler } from '../manual-scheduler.ts'
import { SimulatedStorage } from '../simulated-storage.ts'
import { HarnessInput } from './harness-input.ts'
import { HarnessOutputs } from './harness-outputs.ts'
import { type HarnessPlan, planHarness } from './harness-plan.ts'
import { combineSnapshots, type HarnessSnapshot } from './harness-snapshot.ts'

/** What a harness plays. @internal */
export interface HarnessTaskOptions {
  readonly subtask: number
  readonly parallelism: number
  readonly startTimeMs: number
  readonly restore: readonly HarnessSnapshot[]
  /** The sources of the job that stand for the inputs of the harness, in order. */
  readonly inputIds: readonly string[]
}

const jobId = 'harness'
const attempt = 1
/** Time that may pass while operators end their input. */
const endTimeMaxMs = 3_600_000

/** What a harness starts from. */
interface HarnessBegin {
  readonly disk: SimulatedStorage
  /** The newest checkpoint on the disk; 0: there is none. */
  readonly checkpointId: number
  readonly restored: Deployment['restored']
}

/** Puts the snapshots on a disk, and plans who restores what of them. */
async function beginOf({ plan }: HarnessPlan, options: HarnessTaskOptions): Promise<HarnessBegin> {
  const disk = new SimulatedStorage(new SeededPrng(1), 'the disk of the harness')
  const storage = disk.open()
  for (const { path, bytes } of options.restore.flatMap(({ files }) => files)) {
    await storage.write(path, [bytes])
  }
  const manifest = combineSnapshots(options.restore, options)
  if (manifest === undefined) return { disk, checkpointId: 0, restored: new Map() }
  return { disk, checkpointId: manifest.checkpointId, restored: planRestore(plan, manifest) }
}

/**
 * One task of a job, with its channels in the hand of a test: built, fed, snapshotted and restored
 * by the code that does it in a job.
 *
 * @internal
 */
export class HarnessTask {
  readonly outputs: HarnessOutputs
  readonly #plan: HarnessPlan
  readonly #options: HarnessTaskOptions
  readonly #scheduler: ManualScheduler
  readonly #disk: SimulatedStorage
  readonly #inputs: readonly HarnessInput[]
  readonly #task: StreamTask
  readonly #events: TaskEvent[] = []
  #lastCheckpointId: number
  #status: 'open' | 'ended' | 'closed' = 'open'

  private constructor(plan: HarnessPlan, options: HarnessTaskOptions, begin: HarnessBegin) {
    this.#plan = plan
    this.#options = options
    this.#disk = begin.disk
    this.#lastCheckpointId = begin.checkpointId
    this.#scheduler = new ManualScheduler(options.startTimeMs)
    this.outputs = new HarnessOutputs(plan.end)
    this.#inputs = options.inputIds.map((id) => new HarnessInput(id, plan, options.subtask))
    this.#task = this.#build(begin.restored)
  }

  /** Restores, and opens the operators. */
  static async start(job: JobDefinition, options: HarnessTaskOptions): Promise<HarnessTask> {
    const plan = planHarness(job)
    const started = new HarnessTask(plan, options, await beginOf(plan, options))
    try {
      await started.#open()
    } catch (cause) {
      await started.close()
      throw cause
    }
    return started
  }

  get now(): number {
    return this.#scheduler.now()
  }

  push(input: number, value: unknown, timestamp: number | undefined): void {
    this.#feed(input, (fed) => fed.push(value, timestamp))
  }

  owns(input: number, value: unknown): boolean {
    return this.#input(input).owns(value)
  }

  watermark(input: number, timestamp: number): void {
    this.#feed(input, (fed) => fed.watermark(timestamp))
  }

  idle(input: number, idle: boolean): void {
    this.#feed(input, (fed) => fed.setIdle(idle))
  }

  async settle(): Promise<void> {
    await this.#scheduler.settle()
    this.#rethrow()
  }

  async advanceTo(timeMs: number): Promise<void> {
    const ms = timeMs - this.#scheduler.monotonic()
    if (!(ms >= 0)) {
      throw new FlinktsError(
        'FLINKTS_TEST_INVALID',
        `processing time cannot go from ${this.now} to ${timeMs}`,
        { hint: 'The time is absolute, in milliseconds; it never goes back.' },
      )
    }
    await this.#scheduler.advance(ms)
    this.#rethrow()
  }

  async endInput(): Promise<void> {
    this.#checkOpen()
    for (const input of this.#inputs) input.end()
    this.#status = 'ended'
    const endMs = this.now + endTimeMaxMs
    await this.settle()
    while (!this.#has('data-ended')) {
      const passed = await this.#scheduler.advanceToTimer(endMs)
      this.#rethrow()
      if (!passed) throw this.#unfinished('the operators did not come to the end of their input')
    }
  }

  async snapshot(): Promise<HarnessSnapshot> {
    this.#checkNotClosed()
    this.#lastCheckpointId += 1
    const checkpointId = this.#lastCheckpointId
    const barrier = { type: 'barrier', checkpointId, kind: 'periodic' } as const
    for (const input of this.#inputs) input.pushEvent(barrier)
    await this.settle()
    const states = this.#acknowledged(checkpointId)
    const notice = { checkpointId, oldestRetainedId: checkpointId }
    this.#task.command({ type: 'checkpoint-completed', notice })
    await this.settle()
    return this.#snapshotOf(checkpointId, states)
  }

  /** Idempotent; also after a failure. */
  async close(): Promise<void> {
    if (this.#status === 'closed') return
    this.#status = 'closed'
    this.#task.command({ type: 'cancel' })
    await this.#scheduler.settle()
    assert(this.#has('closed'), 'a task closes when it is told to')
  }

  /** Runs what follows from what is put into the input, and throws what it threw. */
  #feed(input: number, put: (input: HarnessInput) => void): void {
    this.#checkOpen()
    put(this.#input(input))
    this.#scheduler.runSoon()
    this.#rethrow()
  }

  #input(index: number): HarnessInput {
    return defined(this.#inputs[index], 'the harness has the input')
  }

  #checkOpen(): void {
    this.#checkNotClosed()
    this.#rethrow()
    if (this.#status === 'open') return
    throw new FlinktsError('FLINKTS_TEST_INVALID', 'the input of the harness has ended', {
      hint: 'Nothing follows the end of the input but snapshots and close.',
    })
  }

  #checkNotClosed(): void {
    if (this.#status !== 'closed') return
    throw new FlinktsError('FLINKTS_TEST_INVALID', 'the harness is closed', {
      hint: 'Make another one; snapshots can be restored.',
    })
  }

  #build(restored: Deployment['restored']): StreamTask {
    const { plan, vertex, nodes } = this.#plan
    const { outputs } = this
    return buildTask(
      {
        id: { vertexId: vertex.vertexId, subtask: this.#options.subtask },
        deployment: { plan, jobId, attempt, restored },
        vertex,
        nodes,
        send: (event) => void this.#events.push(event),
      },
      {
        clock: this.#scheduler,
        scheduler: this.#scheduler,
        logger: silentLogger,
        metrics: new MetricRegistry(),
        storage: this.#disk.open(),
        channelLimits: defaultChannelLimits,
        taskLimits: defaultTaskLimits,
        sliceLimits: defaultSliceLimits,
      },
      {
        inputs: this.#inputs.flatMap((input) => input.channels),
        combined: false,
        outputs: () => outputs,
      },
    )
  }

  async #open(): Promise<void> {
    this.#task.start()
    await this.settle()
    assert(this.#has('running'), 'a task that did not fail to open runs')
  }

  #acknowledged(checkpointId: number): readonly OperatorSubtaskState[] {
    for (const event of this.#events) {
      if (!('checkpointId' in event) || event.checkpointId !== checkpointId) continue
      if (event.type === 'checkpoint-acknowledged') return event.states
      if (event.type === 'checkpoint-declined') throw fromErrorPayload(event.error)
    }
    throw this.#unfinished('the operators are in the middle of something, so no snapshot was taken')
  }

  async #snapshotOf(
    checkpointId: number,
    states: readonly OperatorSubtaskState[],
  ): Promise<HarnessSnapshot> {
    const { plan } = this.#plan
    const { subtask, parallelism } = this.#options
    const manifest = buildManifest(
      { plan, jobId, attempt },
      { checkpointId, kind: 'periodic', createdAtMs: this.now, states, enumerators: new Map() },
    )
    const complete = await loadLists(manifest, this.#disk.open())
    const directory = `${checkpointDirectory(checkpointId)}/`
    const paths = this.#disk.paths().filter((path) => path.startsWith(directory))
    const files = paths.map((path) => {
      return { path, bytes: defined(this.#disk.content(path), 'a file has bytes').slice() }
    })
    return { subtask, parallelism, manifest: encodeManifest(complete), files }
  }

  #has(type: TaskEvent['type']): boolean {
    return this.#events.some((event) => event.type === type)
  }

  #rethrow(): void {
    const failed = this.#events.find((event) => event.type === 'failed')
    if (failed !== undefined) throw fromErrorPayload(failed.error)
  }

  #unfinished(what: string): FlinktsError {
    return new FlinktsError('FLINKTS_TEST_INVALID', what, {
      hint: 'Complete what they wait for, or let processing time pass.',
    })
  }
}
