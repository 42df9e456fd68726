import type { Trigger } from './trigger.ts'
import type { Window } from './window.ts'

/** What an assigner knows of the moment. @public */
export interface WindowAssignerContext {
  /** The clock of the machine, milliseconds since 1970. */
  readonly processingTime: number
}

/** Windows that become one. @public */
export interface MergedWindow {
  /** What they become. */
  readonly window: Window
  /** The windows that become it, of those that `mergeWindows` was given. */
  readonly merged: readonly Window[]
}

/**
 * Says to which windows a record belongs. What it returns depends on its arguments alone. Runs on
 * the task's thread.
 *
 * @public
 */
export interface WindowAssigner<T = unknown> {
  /** What errors call it. */
  readonly name: string
  /** Whether the watermark closes its windows, and so makes records late; else the clock does. */
  readonly isEventTime: boolean
  /** When its windows fire unless the job says otherwise. */
  readonly defaultTrigger: Trigger<T, unknown>
  /** The windows of a record; none: it is ignored. `timestamp` is `-Infinity` if it has none. */
  assign(value: T, timestamp: number, context: WindowAssignerContext): readonly Window[]
  /**
   * What becomes of the windows of a key when one is added; those that stay as they are may be left
   * out. Always given all windows of the key, by end and then start.
   */
  mergeWindows?(windows: readonly Window[]): readonly MergedWindow[]
  /** Set by windows of one size at regular starts. @internal */
  readonly aligned?: AlignedWindows
}

/** Windows of `sizeMs` that start every `slideMs` from `offsetMs`, in event time. @internal */
export interface AlignedWindows {
  readonly sizeMs: number
  readonly slideMs: number
  readonly offsetMs: number
}
