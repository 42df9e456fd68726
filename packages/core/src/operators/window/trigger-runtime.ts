import { assert } from '../../common/assert.ts'
import type { Clock } from '../../common/clock.ts'
import type { KeyGroupWatermark } from '../key-group-watermark.ts'
import type { TimeDomain, Timers } from '../keyed-process-function.ts'
import { checkedTimer } from '../keyed-timers.ts'
import type { ProcessingTimers } from '../processing-timers.ts'
import type { KeyedWindows, LiveWindow } from './key-windows.ts'
import type { Trigger, TriggerContext, TriggerResult } from './trigger.ts'
import { boundsOf, isSameWindow } from './window.ts'

/**
 * Calls the trigger for windows of the current key, and is the context that it sees. Runs on the
 * task's thread.
 *
 * @internal
 */
export class TriggerRuntime implements TriggerContext<unknown> {
  readonly timers: Timers
  readonly #trigger: Trigger<unknown, unknown>
  readonly #windows: KeyedWindows
  readonly #clock: Clock
  readonly #time: KeyGroupWatermark
  readonly #processing: ProcessingTimers
  #live: LiveWindow | undefined

  constructor(
    trigger: Trigger<unknown, unknown>,
    windows: KeyedWindows,
    times: {
      readonly clock: Clock
      readonly time: KeyGroupWatermark
      readonly processing: ProcessingTimers
    },
  ) {
    this.#trigger = trigger
    this.#windows = windows
    this.#clock = times.clock
    this.#time = times.time
    this.#processing = times.processing
    this.timers = {
      registerEventTime: (at) => windows.register(this.#window(), 'event-time', checkedTimer(at)),
      deleteEventTime: (at) => windows.delete(this.#window(), 'event-time', at),
      registerProcessingTime: (at) => this.registerProcessingTime(this.#window(), checkedTimer(at)),
      deleteProcessingTime: (at) => windows.delete(this.#window(), 'processing-time', at),
    }
  }

  get watermark(): number {
    return this.#time.ofKey
  }

  get processingTime(): number {
    return this.#clock.now()
  }

  get state(): unknown {
    return this.#window().triggerState
  }

  set state(state: unknown) {
    this.#window().triggerState = state
  }

  onElement(live: LiveWindow, value: unknown, timestamp: number): TriggerResult {
    this.#live = live
    return this.#trigger.onElement(value, timestamp, boundsOf(live), this)
  }

  onTime(live: LiveWindow, domain: TimeDomain, timestamp: number): TriggerResult {
    this.#live = live
    return domain === 'event-time'
      ? this.#trigger.onEventTime(timestamp, boundsOf(live), this)
      : this.#trigger.onProcessingTime(timestamp, boundsOf(live), this)
  }

  /** `target` has nothing yet; `merged` are gone, but for what they hold. */
  onMerge(target: LiveWindow, merged: readonly LiveWindow[]): void {
    const states = merged.flatMap(({ triggerState }) =>
      triggerState === undefined ? [] : [triggerState],
    )
    this.#live = target
    this.#trigger.onMerge?.(boundsOf(target), states, this)
    for (const live of merged) if (!isSameWindow(live, target)) this.clear(live)
  }

  clear(live: LiveWindow): void {
    this.#live = live
    this.#trigger.clear?.(boundsOf(live), this)
  }

  registerProcessingTime(live: LiveWindow, timestamp: number): void {
    this.#windows.register(live, 'processing-time', timestamp)
    this.#processing.arm()
  }

  #window(): LiveWindow {
    assert(this.#live !== undefined, 'a trigger is called for a window')
    return this.#live
  }
}
