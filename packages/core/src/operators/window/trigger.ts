import type { Timers } from '../keyed-process-function.ts'
import type { Window } from './window.ts'

/**
 * What becomes of a window: nothing; its function is called with its contents; its contents are
 * dropped; first the one, then the other.
 *
 * @public
 */
export type TriggerResult = 'continue' | 'fire' | 'purge' | 'fire-and-purge'

/** What a trigger sees and changes: everything in it is of one window of one key. @public */
export interface TriggerContext<State> {
  /** The current watermark, milliseconds since 1970; `-Infinity` before the first. */
  readonly watermark: number
  /** The clock of the machine, milliseconds since 1970. */
  readonly processingTime: number
  /** What the trigger remembers of the window, in checkpoints; `undefined`: nothing. */
  state: State | undefined
  /** The timers of the window, which go with it. */
  readonly timers: Timers
}

/**
 * Decides when a window fires. What it remembers is plain data in `context.state`. Runs on the
 * task's thread.
 *
 * @public
 */
export interface Trigger<T = unknown, State = undefined> {
  /** What errors call it. */
  readonly name: string
  /** A record was added to the window. */
  onElement(
    value: T,
    timestamp: number,
    window: Window,
    context: TriggerContext<State>,
  ): TriggerResult
  /** An event-time timer of the window is due; `timestamp`: its time. */
  onEventTime(timestamp: number, window: Window, context: TriggerContext<State>): TriggerResult
  /** A processing-time timer of the window is due; `timestamp`: its time. */
  onProcessingTime(timestamp: number, window: Window, context: TriggerContext<State>): TriggerResult
  /**
   * `window` has been made of others, and has nothing of theirs yet; `states` are what they
   * remembered, by end of their windows. Without this method the trigger cannot be used with
   * windows that merge.
   */
  onMerge?(window: Window, states: readonly State[], context: TriggerContext<State>): void
  /** The window ends or was merged into another; what it remembers and its timers go with it. */
  clear?(window: Window, context: TriggerContext<State>): void
}
