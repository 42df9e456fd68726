import type { Trigger, TriggerResult } from './trigger.ts'
import { checkCount } from './window.ts'

/**
 * Fires with every `count`th record of the window, counted from the last firing.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function countTrigger(count: number): Trigger<unknown, number> {
  checkCount('the count of countTrigger', count)
  return {
    name: 'countTrigger',
    onElement: (_value, _timestamp, _window, context) => {
      const counted = (context.state ?? 0) + 1
      context.state = counted < count ? counted : undefined
      return counted < count ? 'continue' : 'fire'
    },
    onEventTime: () => 'continue',
    onProcessingTime: () => 'continue',
    onMerge: (_window, states, context) => {
      if (states.length > 0) context.state = states.reduce((sum, counted) => sum + counted, 0)
    },
  }
}

/**
 * Fires with a record whose `delta` from the one that fired last (at first: the first) is above
 * `threshold`. It cannot be used with windows that merge.
 *
 * @public
 */
export function deltaTrigger<T>(
  threshold: number,
  delta: (last: T, value: T) => number,
): Trigger<T, { readonly last: T }> {
  return {
    name: 'deltaTrigger',
    onElement: (value, _timestamp, _window, context) => {
      const { state } = context
      const over = state !== undefined && delta(state.last, value) > threshold
      if (state === undefined || over) context.state = { last: value }
      return over ? 'fire' : 'continue'
    },
    onEventTime: () => 'continue',
    onProcessingTime: () => 'continue',
  }
}

/** Fires when `trigger` does, and drops the contents each time. @public */
export function purging<T, State>(trigger: Trigger<T, State>): Trigger<T, State> {
  return {
    name: `purging(${trigger.name})`,
    onElement: (value, timestamp, window, context) =>
      withPurge(trigger.onElement(value, timestamp, window, context)),
    onEventTime: (timestamp, window, context) =>
      withPurge(trigger.onEventTime(timestamp, window, context)),
    onProcessingTime: (timestamp, window, context) =>
      withPurge(trigger.onProcessingTime(timestamp, window, context)),
    ...(trigger.onMerge && {
      onMerge: (window, states, context) => trigger.onMerge?.(window, states, context),
    }),
    ...(trigger.clear && { clear: (window, context) => trigger.clear?.(window, context) }),
  }
}

function withPurge(result: TriggerResult): TriggerResult {
  return result === 'fire' ? 'fire-and-purge' : result
}
