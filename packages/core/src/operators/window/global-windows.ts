import { neverTrigger } from './never-trigger.ts'
import type { Window } from './window.ts'
import type { WindowAssigner } from './window-assigner.ts'

/**
 * One window for all records of a key, which never ends: it fires only by a trigger. Its results
 * have the timestamp `Infinity`.
 *
 * @public
 */
export function globalWindows(): WindowAssigner {
  return {
    name: 'globalWindows',
    isEventTime: false,
    defaultTrigger: neverTrigger(),
    assign: () => allTime,
  }
}

const allTime: readonly Window[] = [{ start: -Infinity, end: Infinity }]
