import { defined } from '../common/assert.ts'
import type { Clock } from '../common/clock.ts'
import { type FlinktsError, fromErrorPayload, toFlinktsError } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricSink } from '../common/metrics.ts'
import { delay, type Scheduler } from '../common/scheduler.ts'
import {
  CheckpointCoordinator,
  type CheckpointOptions,
  type CheckpointSink,
  type EnumeratorStates,
} from '../checkpoint/checkpoint-coordinator.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import {
  type DeployedTasks,
  type Deployment,
  type TaskCommand,
  type TaskEvent,
  type TaskExecutor,
  type TaskId,
  taskName,
  tasksOf,
} from '../task/task-protocol.ts'
import type { AlignmentSettings } from '../time/watermark-strategy.ts'
import type { SourceCoordinator } from './source-coordinator.ts'
import { WatermarkAlignment } from './watermark-alignment.ts'

/** How an attempt ended; a failure is thrown. @internal */
export type AttemptOutcome = 'finished' | 'stopped' | 'cancelled'

/** Makes the coordinators of all sources, by operator id. @internal */
export type SourceCoordinatorFactory = (connection: {
  readonly send: (operatorId: string, subtask: number, command: TaskCommand) => void
  readonly fail: (cause: unknown) => void
}) => ReadonlyMap<string, SourceCoordinator>

/** @internal */
export interface JobAttemptParts {
  readonly deployment: Deployment
  readonly executor: TaskExecutor
  readonly createSources: SourceCoordinatorFactory
  /** Of the sources that wait for others, by operator id. */
  readonly alignments: ReadonlyMap<string, AlignmentSettings>
  readonly checkpointSink: CheckpointSink
  readonly checkpointOptions: CheckpointOptions
  readonly firstCheckpointId: number
  /** Called when every task runs. */
  readonly onRunning: () => void
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly metrics: MetricSink
}

/** How long a failed attempt waits for its tasks to close. */
const closeTimeoutMs = 10_000

/**
 * One attempt of a job: deploys the tasks, runs them with their enumerators and checkpoints, and
 * closes everything again. Runs on the coordinator's thread.
 *
 *     starting ──► running ──► closing ──► ended
 *         └──failure, cancel──────┘
 *
 * @internal
 */
export class JobAttempt {
  readonly #parts: JobAttemptParts
  readonly #tasks: readonly TaskId[]
  readonly #starting: Set<string>
  readonly #open: Set<string>
  readonly #unended: Set<string>
  readonly #coordinator: CheckpointCoordinator
  readonly #sources: ReadonlyMap<string, SourceCoordinator>
  readonly #alignment: WatermarkAlignment
  #deployed: DeployedTasks | undefined
  #stopping = false
  #ending = false
  #onChange: () => void = () => {}
  #failure: FlinktsError | undefined

  constructor(parts: JobAttemptParts) {
    this.#parts = parts
    this.#tasks = tasksOf(parts.deployment.plan)
    const names = this.#tasks.map(taskName)
    this.#starting = new Set(names)
    this.#open = new Set(names)
    this.#unended = new Set(names)
    this.#sources = parts.createSources({
      send: (vertexId, subtask, command) => this.#send({ vertexId, subtask }, command),
      fail: (cause) => this.#fail(cause),
    })
    this.#coordinator = this.#createCoordinator()
    this.#alignment = new WatermarkAlignment({
      sources: parts.alignments,
      tasks: this.#tasks,
      send: (task, command) => this.#send(task, command),
      scheduler: parts.scheduler,
    })
  }

  /**
   * Runs the attempt to its end. Everything is closed when it settles.
   *
   * @throws FlinktsError the first failure
   */
  async run(): Promise<AttemptOutcome> {
    const { executor, deployment } = this.#parts
    let outcome: AttemptOutcome = 'cancelled'
    try {
      this.#deployed = executor.deploy(deployment, (task, event) => this.#handle(task, event))
      outcome = await this.#runToEnd()
    } catch (cause) {
      this.#fail(cause)
    }
    await this.#close(outcome)
    if (this.#failure !== undefined) throw this.#failure
    return outcome
  }

  /** Stops after a checkpoint; before the tasks run there is nothing to checkpoint. */
  stop(): void {
    this.#stopping = true
    this.#coordinator.requestLast('stop')
    this.#onChange()
  }

  /** Ends the attempt without a further checkpoint. */
  cancel(): void {
    this.#ending = true
    this.#coordinator.cancel()
    this.#onChange()
  }

  /** Ends the attempt with a failure that came from outside of its tasks. */
  fail(cause: unknown): void {
    this.#fail(cause)
  }

  async #runToEnd(): Promise<AttemptOutcome> {
    const sourcesStarted = this.#startSources()
    await this.#until(() => this.#starting.size === 0 || this.#stopping)
    if (this.#ended) return 'cancelled'
    if (this.#stopping && this.#starting.size > 0) return 'stopped'
    await this.#until(() => sourcesStarted.done || this.#stopping)
    if (this.#ended) return 'cancelled'
    if (!sourcesStarted.done) return 'stopped'
    this.#parts.onRunning()
    this.#alignment.start()
    const last = await this.#coordinator.run()
    if (last === 'cancelled') return 'cancelled'
    return last === 'final' ? 'finished' : 'stopped'
  }

  #startSources(): { readonly done: boolean } {
    const state = { done: false }
    Promise.all([...this.#sources.values()].map((source) => source.start())).then(
      () => {
        state.done = true
        this.#onChange()
      },
      (cause: unknown) => this.#fail(cause),
    )
    return state
  }

  #handle(task: TaskId, event: TaskEvent): void {
    const name = taskName(task)
    switch (event.type) {
      case 'running':
        this.#starting.delete(name)
        return this.#onChange()
      case 'data-ended':
        return this.#dataEnded(name)
      case 'failed':
        return this.#fail(fromErrorPayload(event.error))
      case 'closed':
        this.#open.delete(name)
        return this.#onChange()
      case 'watermark-reported':
        return this.#alignment.report(task, event.watermark)
      case 'split-requested':
      case 'source-event':
        return this.#source(task.vertexId).handle(task.subtask, event)
      default:
        return this.#coordinator.handle(task, event)
    }
  }

  #dataEnded(name: string): void {
    this.#unended.delete(name)
    if (this.#unended.size === 0) this.#coordinator.requestLast('final')
  }

  /** Only the first failure counts: it is the cause of the others. */
  #fail(cause: unknown): void {
    if (this.#ended) return
    const { jobName } = this.#parts.deployment.plan
    this.#failure = toFlinktsError(cause, 'FLINKTS_TASK_FAILED', `job "${jobName}" failed`)
    this.cancel()
  }

  get #ended(): boolean {
    return this.#ending || this.#failure !== undefined
  }

  /** Tells every task to close, and waits for that; not for ever, since an attempt is fenced. */
  async #close(outcome: AttemptOutcome): Promise<void> {
    const orderly = outcome !== 'cancelled' && this.#failure === undefined
    this.#ending = true
    this.#alignment.close()
    if (this.#deployed === undefined) this.#open.clear()
    for (const task of this.#tasks) {
      this.#deployed?.send(task, { type: orderly ? 'finish' : 'cancel' })
    }
    const { scheduler, logger } = this.#parts
    const timeout = new AbortController()
    let expired = false
    void delay(scheduler, closeTimeoutMs, timeout.signal).then(() => {
      expired = !timeout.signal.aborted
      this.#onChange()
    })
    const sources = this.#closeSources()
    await this.#waitFor(() => (this.#open.size === 0 && sources.done) || expired)
    timeout.abort()
    const tasks = [...this.#open]
    await this.#deployed?.end()
    if (!expired) return
    logger.warn('some tasks did not close in time and are left behind', { tasks, closeTimeoutMs })
  }

  #closeSources(): { readonly done: boolean } {
    const state = { done: false }
    const closing = [...this.#sources.values()].map((source) => source.close())
    void Promise.allSettled(closing).then((closed) => {
      for (const result of closed) {
        if (result.status === 'fulfilled') continue
        this.#parts.logger.warn('a source did not close in order', { cause: result.reason })
      }
      state.done = true
      this.#onChange()
    })
    return state
  }

  #createCoordinator(): CheckpointCoordinator {
    const { clock, scheduler, logger, metrics } = this.#parts
    return new CheckpointCoordinator({
      tasks: this.#tasks,
      sourceTasks: this.#tasks.filter(({ vertexId }) => this.#sources.has(vertexId)),
      firstCheckpointId: this.#parts.firstCheckpointId,
      options: this.#parts.checkpointOptions,
      sink: this.#parts.checkpointSink,
      snapshotEnumerators: (checkpointId) => this.#snapshotEnumerators(checkpointId),
      send: (task, command) => this.#send(task, command),
      onCompleted: (notice) => this.#checkpointCompleted(notice),
      clock,
      scheduler,
      logger,
      metrics,
    })
  }

  #snapshotEnumerators(checkpointId: number): EnumeratorStates {
    return new Map(
      [...this.#sources].map(([operatorId, source]) => [operatorId, source.snapshot(checkpointId)]),
    )
  }

  #checkpointCompleted(notice: CheckpointNotice): void {
    this.#parts.logger.debug('checkpoint completed', { checkpointId: notice.checkpointId })
    for (const source of this.#sources.values()) source.checkpointCompleted(notice)
  }

  #send(task: TaskId, command: TaskCommand): void {
    defined(this.#deployed, 'the tasks are deployed').send(task, command)
  }

  #source(operatorId: string): SourceCoordinator {
    return defined(this.#sources.get(operatorId), 'a reader belongs to a source')
  }

  #until(condition: () => boolean): Promise<void> {
    return this.#waitFor(() => condition() || this.#ended)
  }

  #waitFor(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (!condition()) return
        this.#onChange = () => {}
        resolve()
      }
      this.#onChange()
    })
  }
}
