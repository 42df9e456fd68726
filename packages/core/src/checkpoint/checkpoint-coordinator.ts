import { type FlinktsError, toFlinktsError } from '../common/errors.ts'
import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricSink } from '../common/metrics.ts'
import type { Cancellable, Scheduler } from '../common/scheduler.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import type { CheckpointKind } from '../network/stream-element.ts'
import type { OperatorSubtaskState } from '../state/operator-state.ts'
import { type TaskCommand, type TaskEvent, type TaskId, taskName } from '../task/task-protocol.ts'
import { PendingCheckpoint, type PendingResult } from './pending-checkpoint.ts'

/** When checkpoints are taken; times in milliseconds. @internal */
export interface CheckpointOptions {
  /** From one trigger to the next; `undefined`: only the last one of a job. */
  readonly intervalMs: number | undefined
  /** At least this long between the end of a checkpoint and the next trigger. */
  readonly minPauseMs: number
  /** A checkpoint that takes longer fails. */
  readonly timeoutMs: number
  /** Failures in a row that are tolerated; one more fails the job. */
  readonly tolerableFailures: number
}

/** Where checkpoints are kept; a part of `CheckpointStore`. @internal */
export interface CheckpointSink {
  begin(checkpointId: number): Promise<void>
  /** Makes the checkpoint exist. */
  complete(checkpointId: number, parts: CheckpointParts): Promise<CheckpointNotice>
  /** Removes what was written for a checkpoint, unless it exists. */
  discard(checkpointId: number): Promise<unknown>
}

/** What a completed checkpoint consists of. @internal */
export interface CheckpointParts {
  readonly kind: CheckpointKind
  readonly states: readonly OperatorSubtaskState[]
  /** What `snapshotEnumerators` gave when the checkpoint was triggered. */
  readonly enumerators: EnumeratorStates
}

/** The serialized state of every source's enumerator, by operator id. @internal */
export type EnumeratorStates = ReadonlyMap<
  string,
  { readonly version: number; readonly bytes: Uint8Array }
>

/** What the coordinator works with. @internal */
export interface CheckpointCoordinatorParts {
  readonly tasks: readonly TaskId[]
  /** Those of `tasks` that have a source: where barriers start. */
  readonly sourceTasks: readonly TaskId[]
  /** Above every id used before. */
  readonly firstCheckpointId: number
  readonly options: CheckpointOptions
  readonly sink: CheckpointSink
  readonly snapshotEnumerators: (checkpointId: number) => EnumeratorStates
  readonly send: (task: TaskId, command: TaskCommand) => void
  /** A checkpoint exists now; tasks are told by the coordinator itself. */
  readonly onCompleted: (notice: CheckpointNotice) => void
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly metrics: MetricSink
}

/** The first checkpoint of an attempt comes after this share of the interval. */
const firstIntervalShare = 0.25

/** A final or stop notice is sent again after this time to tasks that have not confirmed. */
const resendMs = 1000

/**
 * Takes checkpoints, one after the other, from the first trigger to the confirmed commit of the
 * last. Runs on the coordinator's thread. (After Flink's class of the name.)
 *
 * A round: take the id durably; in one synchronous step snapshot the enumerators and trigger the
 * sources, so that a split is in exactly one of both; collect acknowledgements; make the checkpoint
 * exist; only then tell everybody. A failed round loses nothing: what it prepared goes out with the
 * next (I7).
 *
 * @internal
 */
export class CheckpointCoordinator {
  readonly #parts: CheckpointCoordinatorParts
  #nextId: number
  #pending: PendingCheckpoint | undefined
  #requested: 'final' | 'stop' | undefined
  #cancelled = false
  #failuresInRow = 0
  #lastTrigger: number
  #lastEnd = Number.NEGATIVE_INFINITY
  /** Tasks whose commits are confirmed up to the id. */
  readonly #confirmed = new Map<string, number>()
  #wake: () => void = () => {}

  constructor(parts: CheckpointCoordinatorParts) {
    this.#parts = parts
    this.#nextId = parts.firstCheckpointId
    this.#lastTrigger = parts.clock.monotonic()
  }

  /**
   * Takes checkpoints until the last one, which `requestLast` asks for, is taken and committed, or
   * `cancel` is called.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_DECLINED, FLINKTS_CHECKPOINT_EXPIRED,
   * FLINKTS_ATTEMPT_FENCED or a storage error, when more checkpoints failed in a row than
   * tolerated.
   */
  async run(): Promise<'final' | 'stop' | 'cancelled'> {
    // Until the first one, nothing that is read can be seen: after a start, or a failure, soon.
    const { clock, options } = this.#parts
    this.#lastTrigger = clock.monotonic() - (options.intervalMs ?? 0) * (1 - firstIntervalShare)
    for (;;) {
      const kind = await this.#nextKind()
      if (kind === 'cancelled') return kind
      const notice = await this.#round(kind)
      if (this.#cancelled) return 'cancelled'
      if (notice === undefined || kind === 'periodic') continue
      await this.#confirmCommits(notice)
      return this.#cancelled ? 'cancelled' : kind
    }
  }

  /** Asks for the last checkpoint. `stop` wins over `final`, as it may come earlier. */
  requestLast(kind: 'final' | 'stop'): void {
    if (this.#requested !== 'stop') this.#requested = kind
    this.#wake()
  }

  /** Ends `run` as soon as possible. Idempotent. */
  cancel(): void {
    this.#cancelled = true
    this.#pending?.cancel()
    this.#wake()
  }

  /** Takes the events of the checkpoint protocol; ignores what is late or repeated. */
  handle(task: TaskId, event: TaskEvent): void {
    const name = taskName(task)
    if (event.type === 'committed') {
      this.#confirmed.set(name, Math.max(event.checkpointId, this.#confirmed.get(name) ?? 0))
      this.#wake()
      return
    }
    const pending = this.#pending
    if (event.type === 'checkpoint-acknowledged' && event.checkpointId === pending?.checkpointId) {
      pending.acknowledge(name, event.states, event.stats)
    }
    if (event.type === 'checkpoint-declined' && event.checkpointId === pending?.checkpointId) {
      pending.decline(name, event.error)
    }
  }

  /** Waits until a checkpoint is due. */
  async #nextKind(): Promise<CheckpointKind | 'cancelled'> {
    for (;;) {
      if (this.#cancelled) return 'cancelled'
      if (this.#requested !== undefined) return this.#requested
      const { intervalMs, minPauseMs } = this.#parts.options
      const due =
        intervalMs === undefined
          ? Number.POSITIVE_INFINITY
          : Math.max(this.#lastTrigger + intervalMs, this.#lastEnd + minPauseMs)
      const waitMs = due - this.#parts.clock.monotonic()
      if (waitMs <= 0) return 'periodic'
      await this.#waitOrWake(waitMs)
    }
  }

  /** The notice of the completed checkpoint; `undefined` if it failed in a tolerable way. */
  async #round(kind: CheckpointKind): Promise<CheckpointNotice | undefined> {
    const { clock, metrics } = this.#parts
    const checkpointId = this.#nextId
    this.#nextId += 1
    const start = clock.monotonic()
    this.#lastTrigger = start
    const ended = await this.#attemptRound(checkpointId, kind)
    this.#lastEnd = clock.monotonic()
    if (ended.status === 'cancelled') return undefined
    const durationMs = this.#lastEnd - start
    if (ended.status === 'failed') {
      const { message: reason } = ended.error
      metrics.checkpointEnded({ checkpointId, status: 'failed', durationMs, ...noStats, reason })
      this.#tolerate(ended.error)
      return undefined
    }
    this.#failuresInRow = 0
    const stateBytes = bytesOf(ended.states)
    const stats = { checkpointId, status: 'completed' as const, durationMs, stateBytes }
    metrics.checkpointEnded({ ...stats, ...ended.stats })
    this.#parts.onCompleted(ended.notice)
    this.#tell(this.#parts.tasks, { type: 'checkpoint-completed', notice: ended.notice })
    return ended.notice
  }

  async #attemptRound(checkpointId: number, kind: CheckpointKind): Promise<RoundResult> {
    try {
      await this.#parts.sink.begin(checkpointId)
      if (this.#cancelled) return { status: 'cancelled' }
      const enumerators = this.#parts.snapshotEnumerators(checkpointId)
      const result = await this.#collect(checkpointId, kind)
      if (result.status !== 'acknowledged') return await this.#giveUp(checkpointId, result)
      const { states, stats } = result
      const notice = await this.#complete(checkpointId, { kind, states, enumerators })
      return { status: 'completed', notice, states, stats }
    } catch (cause) {
      const what = `checkpoint ${checkpointId} failed`
      return { status: 'failed', error: toFlinktsError(cause, 'FLINKTS_STORAGE_FAILED', what) }
    }
  }

  /** Triggers in the same synchronous step in which the enumerators were snapshotted. */
  async #collect(checkpointId: number, kind: CheckpointKind): Promise<PendingResult> {
    const { tasks, sourceTasks, scheduler, options } = this.#parts
    const pending = new PendingCheckpoint(checkpointId, tasks.map(taskName))
    this.#pending = pending
    this.#tell(sourceTasks, { type: 'trigger-checkpoint', checkpointId, kind })
    const timer = scheduler.after(options.timeoutMs, () => pending.expire(options.timeoutMs))
    const result = await pending.result
    timer.cancel()
    this.#pending = undefined
    return result
  }

  async #giveUp(
    checkpointId: number,
    result: Exclude<PendingResult, { readonly status: 'acknowledged' }>,
  ): Promise<RoundResult> {
    if (result.status === 'cancelled') return result
    this.#tell(this.#parts.tasks, { type: 'abort-checkpoint', checkpointId })
    await this.#parts.sink.discard(checkpointId)
    return result
  }

  /**
   * If the store fails, the checkpoint may exist all the same, but maybe not durably: nobody is
   * told. It does no harm: what it holds is held by the next one too, or by the attempt that
   * restores it.
   */
  async #complete(checkpointId: number, parts: CheckpointParts): Promise<CheckpointNotice> {
    const { sink } = this.#parts
    try {
      return await sink.complete(checkpointId, parts)
    } catch (cause) {
      await sink.discard(checkpointId)
      throw cause
    }
  }

  #tolerate(error: FlinktsError): void {
    this.#failuresInRow += 1
    const { tolerableFailures } = this.#parts.options
    const fatal = error.code === 'FLINKTS_ATTEMPT_FENCED'
    if (fatal || this.#failuresInRow > tolerableFailures) throw error
    this.#parts.logger.warn('a checkpoint failed; the next one will hold what it held', {
      code: error.code,
      reason: error.message,
      failuresInRow: this.#failuresInRow,
      tolerableFailures,
    })
  }

  /** The job ends only when every task has committed; a notice may be lost, so it is repeated. */
  async #confirmCommits(notice: CheckpointNotice): Promise<void> {
    const { clock, tasks } = this.#parts
    let resendAt = clock.monotonic() + resendMs
    for (;;) {
      const missing = tasks.filter(
        (task) => (this.#confirmed.get(taskName(task)) ?? 0) < notice.checkpointId,
      )
      if (missing.length === 0 || this.#cancelled) return
      // Whatever else happens meanwhile does not put it off.
      await this.#waitOrWake(resendAt - clock.monotonic())
      if (clock.monotonic() < resendAt) continue
      this.#tell(missing, { type: 'checkpoint-completed', notice })
      resendAt = clock.monotonic() + resendMs
    }
  }

  #tell(tasks: readonly TaskId[], command: TaskCommand): void {
    for (const task of tasks) this.#parts.send(task, command)
  }

  /** Resolves after `waitMs`, or when `#wake` is called before. */
  #waitOrWake(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Cancellable | undefined
      this.#wake = () => {
        timer?.cancel()
        this.#wake = () => {}
        resolve()
      }
      if (Number.isFinite(waitMs)) timer = this.#parts.scheduler.after(waitMs, () => this.#wake())
    })
  }
}

type RoundResult =
  | {
      readonly status: 'completed'
      readonly notice: CheckpointNotice
      readonly states: readonly OperatorSubtaskState[]
      readonly stats: Extract<PendingResult, { readonly status: 'acknowledged' }>['stats']
    }
  | Exclude<PendingResult, { readonly status: 'acknowledged' }>

const noStats = { alignmentMs: 0, syncMs: 0, asyncMs: 0, stallMs: 0, stateBytes: 0 }

function bytesOf(states: readonly OperatorSubtaskState[]): number {
  return states.reduce((sum, { keyed, listFile }) => {
    return sum + (keyed?.bytes ?? 0) + (listFile?.bytes ?? 0)
  }, 0)
}
