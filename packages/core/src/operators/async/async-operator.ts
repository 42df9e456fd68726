import type { Cancellable } from '../../common/scheduler.ts'
import { defined } from '../../common/assert.ts'
import { FlinktsError } from '../../common/errors.ts'
import type {
  AsyncContext,
  AsyncFunction,
  OpenAsyncFunction,
} from '../../connector/async-function.ts'
import type { FlowControl } from '../../network/flow-control.ts'
import type { CheckpointBarrier } from '../../network/stream-element.ts'
import type { Output } from '../../network/output.ts'
import { valueSerializer } from '../../state/value-serializer.ts'
import { emitAll } from '../emission.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorList } from '../operator-list.ts'
import type { Operator, OperatorSnapshot } from '../operator.ts'
import { describeRecord, userFunctionFailed } from '../user-function.ts'
import { AsyncCall, type AsyncCaller } from './async-call.ts'
import type { AsyncElement, AsyncEvent } from './async-element.ts'
import type { ResolvedAsyncOptions } from './async-options.ts'
import { type AsyncQueue, OrderedQueue, UnorderedQueue } from './async-queue.ts'

/** What is stored of a record under way. */
type StoredRecord = readonly [value: unknown, timestamp: number]

/** What an async operator does. @internal */
export interface AsyncParts {
  readonly function: AsyncFunction<unknown, unknown>
  /** Whether the function resolves to any number of values instead of one. */
  readonly many: boolean
  readonly options: ResolvedAsyncOptions
}

/**
 * Calls a function that takes its time for many records at once. Records under way are its state:
 * a checkpoint holds all that were not emitted, also those whose result is there, and after a
 * restore the function is called again for each of them, in their order. Watermarks are not stored,
 * since they come again from the sources: of another subtask, one could overtake its records.
 *
 * It is at the head of its chain: what is suspended in the flow is behind it, so that it may emit
 * while its own input waits for room. (Flink: AsyncWaitOperator.) Runs on the task's thread.
 *
 * @internal
 */
export class AsyncOperator implements Operator, AsyncCaller {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  readonly #parts: AsyncParts
  readonly #context: OperatorContext
  readonly #queue: AsyncQueue
  readonly #list: OperatorList<StoredRecord>
  /** Calls without an outcome, in the order of their deadlines. */
  readonly #underway = new Set<AsyncCall>()
  /** Restored records for which the queue has no room yet, in order. */
  #backlog: readonly StoredRecord[] = []
  #function: OpenAsyncFunction<unknown, unknown> | undefined
  #timer: Cancellable | undefined
  #emitting = false
  #inputEnded = false
  #failure: FlinktsError | undefined

  constructor(parts: AsyncParts, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#parts = parts
    this.#context = context
    this.#queue = parts.options.ordered ? new OrderedQueue() : new UnorderedQueue()
    this.#list = context.listState({
      name: 'in-flight',
      distribution: 'split',
      serializer: valueSerializer<StoredRecord>(`async operator "${this.operatorId}"`),
    })
    context.signal.addEventListener('abort', () => this.#cancel(), { once: true })
  }

  async open(): Promise<void> {
    this.#function = await this.#parts.function.open(this.#context.subtask)
    this.#backlog = this.#list.restored()
    this.#admit()
  }

  async close(): Promise<void> {
    await this.#function?.close()
  }

  call(value: unknown, context: AsyncContext): unknown {
    return defined(this.#function, 'the function is open before a record').call(value, context)
  }

  collect(value: unknown, timestamp: number): void {
    this.#begin(value, timestamp)
    this.#holdWhileFull()
  }

  emitWatermark(timestamp: number): void {
    this.#putEvent({ type: 'watermark', timestamp })
  }

  emitIdle(idle: boolean): void {
    this.#putEvent({ type: 'idle', idle })
  }

  /** What waits for its next attempt gets it at once, and no further one. */
  endInput(): boolean {
    if (!this.#inputEnded) {
      this.#inputEnded = true
      for (const call of [...this.#underway]) this.#startNow(call)
    }
    return this.#queue.size === 0 && this.#backlog.length === 0
  }

  /** What was not emitted, whether its result is there or not. */
  snapshot(_barrier: CheckpointBarrier): OperatorSnapshot {
    const underway: StoredRecord[] = []
    for (const { value, timestamp } of this.#queue.records()) underway.push([value, timestamp])
    const state = {
      operatorId: this.operatorId,
      subtask: this.#context.subtask.subtask,
      lists: [this.#list.snapshot([...underway, ...this.#backlog])],
      committables: [],
      keyed: undefined,
    }
    return { state: Promise.resolve(state), failure: 'decline-checkpoint' }
  }

  settled(call: AsyncCall): void {
    this.#underway.delete(call)
    if (this.#underway.size === 0) this.#disarm()
    const { outcome } = call
    if (outcome?.type === 'failure') {
      this.#failure ??= userFunctionFailed(this.operatorId, call.value, outcome.cause)
    } else {
      this.#queue.completed(call)
    }
    this.#emitSoon()
  }

  retried(call: AsyncCall, cause: unknown): boolean {
    const { retry } = this.#parts.options
    if (this.#inputEnded || call.attempt >= retry.attemptsMax || !retry.retryOn(cause)) {
      return false
    }
    const delayMs = retry.delayMs * retry.backoff ** (call.attempt - 1)
    call.pause = this.#context.subtask.scheduler.after(Math.min(delayMs, delayMsMax), () => {
      this.#context.runOnTask(() => this.#startNow(call))
    })
    return true
  }

  #begin(value: unknown, timestamp: number): void {
    const { clock } = this.#context.subtask
    const deadlineMs = clock.monotonic() + this.#parts.options.timeoutMs
    const call = new AsyncCall(this, { value, timestamp, deadlineMs })
    this.#queue.put(call)
    this.#underway.add(call)
    call.start()
    if (this.#timer === undefined && this.#underway.size > 0) this.#arm()
  }

  /** Ends the pause of a call, if it is in one. */
  #startNow(call: AsyncCall): void {
    if (call.pause === undefined || call.outcome !== undefined) return
    call.pause.cancel()
    call.start()
  }

  #putEvent(event: AsyncEvent): void {
    this.#queue.put(event)
    this.#holdWhileFull()
    this.#emitSoon()
  }

  /** Restored records come before any input, and no more at once than the queue has room for. */
  #admit(): void {
    const room = this.#parts.options.capacity - this.#queue.size
    if (room > 0 && this.#backlog.length > 0) {
      const admitted = this.#backlog.slice(0, room)
      this.#backlog = this.#backlog.slice(room)
      for (const [value, timestamp] of admitted) this.#begin(value, timestamp)
    }
    this.#holdWhileFull()
  }

  #holdWhileFull(): void {
    const full = this.#queue.size >= this.#parts.options.capacity
    this.flow.hold(full || this.#backlog.length > 0)
  }

  #emitSoon(): void {
    if (this.#emitting) return
    this.#emitting = true
    this.#context.runOnTask(() => this.#emitNext())
  }

  /** One element, and then others get their turn. */
  #emitNext(): void {
    this.#emitting = false
    if (this.#failure !== undefined) throw this.#failure
    const element = this.#queue.take()
    if (element === undefined) return
    this.#admit()
    this.#emitSoon()
    this.#emit(element)
  }

  #emit(element: AsyncElement): void {
    if (element.type === 'watermark') this.output.emitWatermark(element.timestamp)
    else if (element.type === 'idle') this.output.emitIdle(element.idle)
    else if (element.outcome?.type === 'result') {
      const { value, timestamp } = element
      const { result } = element.outcome
      if (!this.#parts.many) this.output.collect(result, timestamp)
      else emitAll(this, result as Iterable<unknown>, value, timestamp)
    }
  }

  /** One timer for all: the first call is the first whose time is up. */
  #arm(): void {
    const [first] = this.#underway
    if (first === undefined) return
    const { clock, scheduler } = this.#context.subtask
    const delayMs = Math.max(0, first.deadlineMs - clock.monotonic())
    this.#timer = scheduler.after(delayMs, () => {
      this.#context.runOnTask(() => this.#timeOut())
    })
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #timeOut(): void {
    this.#timer = undefined
    const now = this.#context.subtask.clock.monotonic()
    for (const call of this.#underway) {
      if (call.deadlineMs > now) break
      this.#timedOut(call)
    }
    this.#arm()
  }

  #timedOut(call: AsyncCall): void {
    const { onTimeout } = this.#parts.options
    if (onTimeout === 'fail') throw this.#tooSlow(call)
    let result: unknown
    try {
      result = onTimeout(call.value)
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, call.value, cause)
    }
    call.settle({ type: 'result', result })
    call.abort()
  }

  #tooSlow(call: AsyncCall): FlinktsError {
    const { timeoutMs } = this.#parts.options
    return new FlinktsError(
      'FLINKTS_ASYNC_TIMEOUT',
      `async operator "${this.operatorId}" got no result within ${timeoutMs} ms, in attempt ` +
        `${call.attempt}, for the record ${describeRecord(call.value)}`,
      {
        hint:
          'Raise timeoutMs, pass the signal on to what the function awaits, or say with ' +
          'onTimeout what to emit instead. The job goes on from its last checkpoint.',
      },
    )
  }

  #cancel(): void {
    this.#disarm()
    for (const call of this.#underway) call.abort()
    this.#underway.clear()
  }
}

/** What a timer can wait for. */
const delayMsMax = 2 ** 31 - 1
