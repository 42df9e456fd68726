import type { Trigger } from './trigger.ts'

/** Never fires. @public */
export function neverTrigger(): Trigger {
  return {
    name: 'neverTrigger',
    onElement: () => 'continue',
    onEventTime: () => 'continue',
    onProcessingTime: () => 'continue',
    onMerge: () => {},
  }
}
