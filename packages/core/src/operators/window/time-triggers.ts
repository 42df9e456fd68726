import { endOfTime } from '../../time/watermark.ts'
import type { Trigger, TriggerContext } from './trigger.ts'
import {
  checkPositive,
  checkTimestamp,
  maxTimestampOf,
  type Window,
  windowStart,
} from './window.ts'

/**
 * Fires when the watermark reaches the end of the window, and again for every late record that is
 * still allowed.
 *
 * @public
 */
export function eventTimeTrigger(): Trigger {
  return {
    name: 'eventTimeTrigger',
    onElement: (_value, _timestamp, window, context) => {
      if (maxTimestampOf(window) <= context.watermark) return 'fire'
      context.timers.registerEventTime(maxTimestampOf(window))
      return 'continue'
    },
    onEventTime: (timestamp, window) =>
      timestamp === maxTimestampOf(window) ? 'fire' : 'continue',
    onProcessingTime: () => 'continue',
    onMerge: (window, _states, context) => fireAtEnd(window, context),
  }
}

/** Fires when the clock of the machine reaches the end of the window. @public */
export function processingTimeTrigger(): Trigger {
  return {
    name: 'processingTimeTrigger',
    onElement: (_value, _timestamp, window, context) => {
      context.timers.registerProcessingTime(maxTimestampOf(window))
      return 'continue'
    },
    onEventTime: () => 'continue',
    onProcessingTime: () => 'fire',
    onMerge: (window, _states, context) => {
      context.timers.registerProcessingTime(maxTimestampOf(window))
    },
  }
}

/**
 * Fires whenever the watermark passes a multiple of `interval` milliseconds, and at the end of the
 * window. What it remembers is when it fires next.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function continuousEventTimeTrigger(interval: number): Trigger<unknown, number> {
  const name = 'continuousEventTimeTrigger'
  checkPositive(`the interval of ${name}`, interval)
  const fireNext = (at: number, window: Window, context: TriggerContext<number>): void => {
    context.state = Math.min(at, maxTimestampOf(window))
    context.timers.registerEventTime(context.state)
  }
  return {
    name,
    onElement: (_value, timestamp, window, context) => {
      checkTimestamp(timestamp, name)
      if (maxTimestampOf(window) <= context.watermark) return 'fire'
      context.timers.registerEventTime(maxTimestampOf(window))
      if (context.state === undefined) {
        fireNext(windowStart(timestamp, interval, 0) + interval, window, context)
      }
      return 'continue'
    },
    onEventTime: (timestamp, window, context) => {
      const end = maxTimestampOf(window)
      if (timestamp === end) return 'fire'
      if (timestamp !== context.state) return 'continue'
      // The watermark at the end of all would pass multiples for ever: the end itself is left.
      if (end === endOfTime && context.watermark === endOfTime) return 'continue'
      fireNext(timestamp + interval, window, context)
      return 'fire'
    },
    onProcessingTime: () => 'continue',
    onMerge: (window, states, context) => {
      fireAtEnd(window, context)
      if (states.length > 0) fireNext(Math.min(...states), window, context)
    },
  }
}

/**
 * Fires whenever the clock of the machine passes a multiple of `interval` milliseconds, and at the
 * end of the window if that goes by the clock. What it remembers is when it fires next.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function continuousProcessingTimeTrigger(interval: number): Trigger<unknown, number> {
  const name = 'continuousProcessingTimeTrigger'
  checkPositive(`the interval of ${name}`, interval)
  const fireNext = (after: number, window: Window, context: TriggerContext<number>): void => {
    const next = windowStart(after, interval, 0) + interval
    context.state = Math.min(next, maxTimestampOf(window))
    context.timers.registerProcessingTime(context.state)
  }
  return {
    name,
    onElement: (_value, _timestamp, window, context) => {
      if (context.state === undefined) fireNext(context.processingTime, window, context)
      return 'continue'
    },
    onEventTime: () => 'continue',
    onProcessingTime: (timestamp, window, context) => {
      if (timestamp !== context.state) return 'continue'
      const end = maxTimestampOf(window)
      // The clock may have gone on while the job was down: what was missed is one firing.
      if (timestamp < end) fireNext(Math.max(timestamp, context.processingTime), window, context)
      return 'fire'
    },
    onMerge: (_window, states, context) => {
      if (states.length === 0) return
      context.state = Math.min(...states)
      context.timers.registerProcessingTime(context.state)
    },
  }
}

/**
 * Fires once, when the input has ended. For global windows of bounded input.
 *
 * @public
 */
export function endOfStreamTrigger(): Trigger {
  return {
    name: 'endOfStreamTrigger',
    onElement: (_value, _timestamp, _window, context) => {
      context.timers.registerEventTime(endOfTime)
      return 'continue'
    },
    onEventTime: (timestamp) => (timestamp === endOfTime ? 'fire' : 'continue'),
    onProcessingTime: () => 'continue',
    onMerge: (_window, _states, context) => context.timers.registerEventTime(endOfTime),
  }
}

/** If the watermark is there already, the record that merged the windows fires them. */
function fireAtEnd(
  window: Window,
  context: Pick<TriggerContext<unknown>, 'watermark' | 'timers'>,
): void {
  const end = maxTimestampOf(window)
  if (end > context.watermark) context.timers.registerEventTime(end)
}
