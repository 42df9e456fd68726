import type { Cancellable } from '../../common/scheduler.ts'
import type { AsyncContext } from '../../connector/async-function.ts'
import type { AsyncOutcome, AsyncRecord } from './async-element.ts'

/** Who started a call. @internal */
export interface AsyncCaller {
  /** The function of the job. */
  call(value: unknown, context: AsyncContext): unknown
  /** Called once, when the outcome of the call is there; between two turns of the task. */
  settled(call: AsyncCall): void
  /** Calls the function again later, if it may be: then true. */
  retried(call: AsyncCall, cause: unknown): boolean
}

/**
 * The call of the function for a record, with all its attempts. What comes first counts: a result,
 * the last failure, or the end of its time; what comes later is ignored.
 *
 * @internal
 */
export class AsyncCall implements AsyncRecord, AsyncContext {
  readonly type = 'record' as const
  readonly value: unknown
  readonly timestamp: number
  /** The monotonic time at which its time is up. */
  readonly deadlineMs: number
  outcome: AsyncOutcome | undefined
  attempt = 0
  /** The pause before the next attempt. */
  pause: Cancellable | undefined
  readonly #caller: AsyncCaller
  #controller: AbortController | undefined
  #aborted = false

  constructor(
    caller: AsyncCaller,
    record: {
      readonly value: unknown
      readonly timestamp: number
      readonly deadlineMs: number
    },
  ) {
    this.#caller = caller
    this.value = record.value
    this.timestamp = record.timestamp
    this.deadlineMs = record.deadlineMs
  }

  /** Made when the function asks for it: most never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#aborted) this.#controller.abort()
    return this.#controller.signal
  }

  /** Calls the function. */
  start(): void {
    this.pause = undefined
    this.attempt += 1
    let result: unknown
    try {
      result = this.#caller.call(this.value, this)
    } catch (cause) {
      this.#failed(cause)
      return
    }
    if (!isPromise(result)) {
      this.settle({ type: 'result', result })
      return
    }
    result.then(
      (value: unknown) => this.settle({ type: 'result', result: value }),
      (cause: unknown) => this.#failed(cause),
    )
  }

  /** Sets the outcome, unless there is one. */
  settle(outcome: AsyncOutcome): void {
    if (this.outcome !== undefined || this.#aborted) return
    this.outcome = outcome
    this.#caller.settled(this)
  }

  /** Tells the function that nobody waits any more. */
  abort(): void {
    this.#aborted = true
    this.pause?.cancel()
    this.#controller?.abort()
  }

  #failed(cause: unknown): void {
    if (this.outcome !== undefined || this.#aborted) return
    try {
      if (!this.#caller.retried(this, cause)) this.settle({ type: 'failure', cause })
    } catch (failure) {
      // What says whether to call again is a function of the job, too.
      this.settle({ type: 'failure', cause: failure })
    }
  }
}

/** A function of JavaScript may return anything; only a promise is waited for. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
    ? typeof value.then === 'function'
    : false
}
