import { defined, unreachable } from '../common/assert.ts'
import type { Clock } from '../common/clock.ts'
import { toErrorPayload } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import type { Scheduler } from '../common/scheduler.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { OperatorSnapshot } from '../operators/operator.ts'
import type { SourceOperator } from '../operators/source.ts'
import type { OperatorChain } from './operator-chain.ts'
import type { SourceInput } from './source-input.ts'
import type { StepClock } from './step-clock.ts'
import { StepSize } from './step-size.ts'
import { storeLists } from './store-lists.ts'
import type { InputListener, StepResult, TaskInput } from './task-input.ts'
import type { TaskActivity, TaskMetrics } from './task-metrics.ts'
import type { TaskCheckpointStats, TaskCommand, TaskEvent } from './task-protocol.ts'
import type { TimedFiles } from './timed-files.ts'

/** How much a task does before others get their turn. @internal */
export interface TaskLimits {
  /** Records between two looks at the clock and the mail, unless they are slow; >= 1. */
  readonly stepRecordsMax: number
  /** Steps in a slice; >= 1. */
  readonly sliceStepsMax: number
  /** Length of a slice in milliseconds. */
  readonly sliceMs: number
}

/** @internal */
export const defaultTaskLimits: TaskLimits = {
  stepRecordsMax: 256,
  sliceStepsMax: 1024,
  sliceMs: 1,
}

type CommandOf<Type extends TaskCommand['type']> = Extract<TaskCommand, { readonly type: Type }>

type SourceCommand = CommandOf<
  'splits-assigned' | 'no-more-splits' | 'source-event' | 'watermark-limit'
>

/** What a task is made of. @internal */
export interface StreamTaskParts {
  readonly chain: OperatorChain
  readonly flow: FlowControl
  readonly input: TaskInput
  /** Both present in a task with a source. */
  readonly source: SourceOperator | undefined
  readonly sourceInput: SourceInput | undefined
  readonly metrics: TaskMetrics
  readonly limits: TaskLimits
  readonly clock: Clock
  readonly steps: StepClock
  readonly scheduler: Scheduler
  readonly logger: Logger
  /** Where its state goes. */
  readonly files: TimedFiles
  /** Aborted when the task fails or is cancelled. */
  readonly abort: AbortController
  readonly send: (event: TaskEvent) => void
}

/**
 * A subtask of a vertex: takes records from its input, pushes them through its chain, and handles
 * mail between records. Everything runs on one thread, a slice at a time; nothing but mail touches
 * it from outside.
 *
 *     opening ──► running ──► closing ──► closed
 *        └──────────┴── failure ──► failed ──cancel──► closing
 *
 * A task whose input has ended stays `running` until the coordinator lets it finish, so that every
 * checkpoint has the same tasks, also the final one.
 *
 * @internal
 */
export class StreamTask implements InputListener {
  readonly #parts: StreamTaskParts
  readonly #mail: TaskCommand[] = []
  /** What operators want to be run between records. */
  readonly #actions: (() => void)[] = []
  readonly #stepSize: StepSize
  #status: 'opening' | 'running' | 'failed' | 'closing' | 'closed' = 'opening'
  #scheduled = false
  #sourceEnded = false
  #dataEnded = false
  #opened: Promise<void> = Promise.resolve()

  constructor(parts: StreamTaskParts) {
    this.#parts = parts
    this.#stepSize = new StepSize(parts.limits.stepRecordsMax, parts.limits.sliceMs)
    parts.flow.onRelease = () => this.wake()
    parts.flow.onFailure = (cause) => this.#fail(cause)
  }

  /** Opens the operators; the task runs when that is done. Called once. */
  start(): void {
    this.#opened = this.#open().catch((cause: unknown) => this.#fail(cause))
  }

  /** Puts a command into the task's mailbox. */
  command(command: TaskCommand): void {
    this.#mail.push(command)
    this.wake()
  }

  /** See `OperatorContext.runOnTask`. */
  runOnTask(action: () => void): void {
    this.#actions.push(action)
    this.wake()
  }

  /** Gives the task a turn soon. */
  wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#parts.scheduler.soon(() => this.#turn())
  }

  recordsProcessed(count: number): void {
    this.#parts.metrics.recordsIn += count
  }

  /**
   * The barrier goes on first, then everything is cut, both before the next record; writing goes on
   * in the background (Flink: SubtaskCheckpointCoordinatorImpl).
   */
  barrierReceived(barrier: CheckpointBarrier, alignmentMs: number): void {
    const { chain, source, clock, files } = this.#parts
    files.restart()
    const start = clock.monotonic()
    chain.emitEvent(barrier)
    const snapshots = [
      ...(source === undefined ? [] : [source.snapshot(barrier)]),
      ...chain.snapshot(barrier),
    ]
    const syncMs = clock.monotonic() - start
    const acknowledge = this.#acknowledge(barrier.checkpointId, snapshots, (asyncMs) => {
      return { alignmentMs, syncMs, asyncMs, stallMs: Math.max(syncMs, files.longestChunkMs) }
    })
    acknowledge.catch((cause: unknown) => this.#fail(cause))
  }

  async #open(): Promise<void> {
    const { chain, source, send } = this.#parts
    await chain.open()
    if (this.#status !== 'opening') return
    source?.open()
    this.#status = 'running'
    send({ type: 'running' })
    this.wake()
  }

  #turn(): void {
    this.#scheduled = false
    const start = this.#parts.metrics.turnsTo('busy')
    let result: StepResult = 'nothing'
    try {
      this.#handleMail()
      if (this.#status === 'running') result = this.#runSlice(start)
    } catch (cause) {
      this.#fail(cause)
    }
    this.#parts.metrics.turnsTo(this.#activityAfter(result))
    if (this.#status === 'running' && this.#moreToDo(result)) this.wake()
  }

  #activityAfter(result: StepResult): TaskActivity {
    if (this.#parts.flow.blocked) return 'backpressured'
    return result === 'more' ? 'busy' : 'idle'
  }

  /** Whether there is something to do before anybody wakes the task. */
  #moreToDo(result: StepResult): boolean {
    const { flow, sourceInput } = this.#parts
    if (result === 'more') return true
    if ((flow.halted || this.#actions.length > 0) && !flow.blocked) return true
    return this.#mail.length > 0 && sourceInput?.triggered !== true
  }

  #runSlice(start: number): StepResult {
    const { flow, input, limits, clock, steps: stepClock } = this.#parts
    let result: StepResult = 'more'
    let stepStart = clock.monotonic()
    for (let steps = 0; steps < limits.sliceStepsMax && this.#goesOn(result); steps += 1) {
      stepClock.begin()
      flow.resume()
      this.#runActions()
      result = input.step(this.#stepSize.records)
      const now = clock.monotonic()
      this.#stepSize.took(now - stepStart)
      if (this.#mail.length > 0 || now - start >= limits.sliceMs) break
      stepStart = now
    }
    if (result === 'ended') this.#endInput()
    return result
  }

  #goesOn(result: StepResult): boolean {
    return result === 'more' || (this.#actions.length > 0 && !this.#parts.flow.halted)
  }

  /** Those that are there; what they add has its turn after the next records. */
  #runActions(): void {
    const { flow } = this.#parts
    for (let left = this.#actions.length; left > 0 && !flow.halted; left -= 1) {
      this.#actions.shift()?.()
    }
  }

  /** Called until the operators are done with the end of their input. */
  #endInput(): void {
    if (this.#dataEnded) return
    const { chain, source, flow, send } = this.#parts
    if (!this.#sourceEnded) source?.endInput()
    this.#sourceEnded = true
    if (!chain.endInput(flow)) return
    this.#dataEnded = true
    chain.emitEvent({ type: 'end-of-data' })
    send({ type: 'data-ended' })
  }

  /**
   * Handles mail in order. Mail behind a trigger waits until its checkpoint is taken: a split that
   * was assigned after the enumerator's snapshot must not get into the reader's.
   */
  #handleMail(): void {
    if (this.#mail.some(({ type }) => type === 'cancel')) {
      this.#mail.length = 0
      this.#close()
    }
    while (this.#status === 'running' && this.#parts.sourceInput?.triggered !== true) {
      const command = this.#mail.shift()
      if (command === undefined) return
      this.#handle(command)
    }
  }

  #handle(command: TaskCommand): void {
    const { chain } = this.#parts
    switch (command.type) {
      case 'trigger-checkpoint':
        return this.#trigger(command)
      case 'abort-checkpoint':
        return chain.abortSnapshot(command.checkpointId)
      case 'checkpoint-completed':
        return this.#checkpointCompleted(command.notice)
      case 'finish':
      case 'cancel':
        return this.#close()
      default:
        return this.#tellReader(command)
    }
  }

  #trigger({ checkpointId, kind }: CommandOf<'trigger-checkpoint'>): void {
    this.#parts.sourceInput?.trigger({ type: 'barrier', checkpointId, kind })
  }

  #tellReader(command: SourceCommand): void {
    const source = defined(this.#parts.source, 'an enumerator speaks to a task with its source')
    switch (command.type) {
      case 'splits-assigned':
        return source.addSplits(command.splits)
      case 'no-more-splits':
        return source.notifyNoMoreSplits()
      case 'watermark-limit':
        return source.limitWatermark(command.limit)
      case 'source-event':
        return source.handleSourceEvent(command.event)
      default:
        return unreachable(command)
    }
  }

  #checkpointCompleted(notice: CheckpointNotice): void {
    const { chain, source, send } = this.#parts
    const { checkpointId } = notice
    Promise.all([chain.checkpointCompleted(notice), source?.checkpointCompleted(notice)]).then(
      () => send({ type: 'committed', checkpointId }),
      (cause: unknown) => this.#fail(cause),
    )
  }

  async #acknowledge(
    checkpointId: number,
    snapshots: readonly OperatorSnapshot[],
    stats: (asyncMs: number) => TaskCheckpointStats,
  ): Promise<void> {
    const { clock, send, files } = this.#parts
    const start = clock.monotonic()
    const settled = await Promise.allSettled(snapshots.map((snapshot) => snapshot.state))
    const states = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    const written = await Promise.allSettled(
      states.map((state) => storeLists(state, checkpointId, files)),
    )
    if (this.#status !== 'running') return
    const error = this.#declined(snapshots, settled) ?? rejectionOf(written)
    if (error !== undefined) {
      send({ type: 'checkpoint-declined', checkpointId, error: toErrorPayload(error.reason) })
      return
    }
    const stored = written.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    const asyncMs = clock.monotonic() - start
    send({ type: 'checkpoint-acknowledged', checkpointId, states: stored, stats: stats(asyncMs) })
  }

  /** The failure that costs the checkpoint. @throws one that costs the task */
  #declined(
    snapshots: readonly OperatorSnapshot[],
    settled: readonly PromiseSettledResult<unknown>[],
  ): PromiseRejectedResult | undefined {
    const fatal = settled.find(
      (result, index) => result.status === 'rejected' && snapshots[index]?.failure === 'fail-task',
    )
    if (fatal?.status === 'rejected') throw fatal.reason
    return rejectionOf(settled)
  }

  #fail(cause: unknown): void {
    if (this.#status !== 'opening' && this.#status !== 'running') return
    this.#status = 'failed'
    this.#parts.abort.abort()
    this.#parts.send({ type: 'failed', error: toErrorPayload(cause) })
  }

  #close(): void {
    if (this.#status === 'closing' || this.#status === 'closed') return
    this.#status = 'closing'
    this.#parts.abort.abort()
    void this.#closeOperators()
  }

  /** A failure to close is told, and changes nothing: what counts is in the checkpoints. */
  async #closeOperators(): Promise<void> {
    const { chain, source, logger, send } = this.#parts
    await this.#opened
    const closed = await Promise.allSettled([source?.close(), chain.close()])
    for (const result of closed) {
      if (result.status === 'fulfilled') continue
      logger.warn('an operator did not close in order', { cause: result.reason })
    }
    this.#status = 'closed'
    send({ type: 'closed' })
  }
}

function rejectionOf(
  settled: readonly PromiseSettledResult<unknown>[],
): PromiseRejectedResult | undefined {
  return settled.find((result) => result.status === 'rejected')
}
