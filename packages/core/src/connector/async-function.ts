import type { SubtaskContext } from './context.ts'
import type { Preflight } from './preflight.ts'

/** What an asynchronous function gets besides the record. @public */
export interface AsyncContext {
  /**
   * Aborted when the time is up and when the task ends: whoever awaits something else then works
   * for nobody.
   */
  readonly signal: AbortSignal
  /** From 1: how often the function is called for this record in this run. */
  readonly attempt: number
}

/**
 * A function of `mapAsync` or `flatMapAsync` that keeps something open between its calls:
 * connections, a cache. Its checks run with those of sources and sinks, before the job starts.
 *
 * @public
 */
export interface AsyncFunction<In, Result> extends Preflight {
  /**
   * Called by each subtask, in every attempt, before its first record; what it throws fails the
   * task.
   */
  open(context: SubtaskContext): Promise<OpenAsyncFunction<In, Result>>
}

/** It belongs to one subtask. @public */
export interface OpenAsyncFunction<In, Result> {
  /** Called for many records at once, and again for those that a restored checkpoint holds. */
  call(value: In, context: AsyncContext): Promise<Result> | Result
  /**
   * Called once, when the task ends, also by a failure or while calls are under way: nobody waits
   * for those any more. Ends everything that `open` began.
   */
  close(): Promise<void>
}
