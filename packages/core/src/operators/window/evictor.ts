import { noTimestamp } from '../../network/stream-element.ts'
import { checkCount, checkPositive, type Window } from './window.ts'

/** A record in a window that keeps its records. @public */
export interface WindowElement<T> {
  readonly value: T
  /** Event time in milliseconds since 1970; `-Infinity`: the record has none. */
  readonly timestamp: number
}

/**
 * Drops records from a window that fires, for good: before its function sees them, or after. Both
 * get the records in the order in which they came, and return those that stay, in order. Runs on
 * the task's thread.
 *
 * @public
 */
export interface Evictor<T = unknown> {
  evictBefore?(elements: readonly WindowElement<T>[], window: Window): readonly WindowElement<T>[]
  evictAfter?(elements: readonly WindowElement<T>[], window: Window): readonly WindowElement<T>[]
}

/** When an evictor drops records. @public */
export interface EvictorOptions {
  /** `before` (default) or `after` the function of the window. */
  readonly evict?: 'before' | 'after'
}

/**
 * Keeps the last `count` records.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function countEvictor<T>(count: number, options?: EvictorOptions): Evictor<T> {
  checkCount('the count of countEvictor', count)
  return evictor((elements) => elements.slice(-count), options)
}

/**
 * Keeps the records less than `ms` milliseconds older than the newest. Records without timestamps
 * all stay.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function timeEvictor<T>(ms: number, options?: EvictorOptions): Evictor<T> {
  checkPositive('the time of timeEvictor', ms)
  return evictor((elements) => {
    const newest = elements.reduce((max, { timestamp }) => Math.max(max, timestamp), noTimestamp)
    if (newest === noTimestamp) return elements
    return elements.filter(({ timestamp }) => timestamp > newest - ms)
  }, options)
}

/** Keeps the records whose `delta` to the last one is below `threshold`. @public */
export function deltaEvictor<T>(
  threshold: number,
  delta: (value: T, last: T) => number,
  options?: EvictorOptions,
): Evictor<T> {
  return evictor((elements) => {
    const last = elements.at(-1)
    if (last === undefined) return elements
    return elements.filter(({ value }) => delta(value, last.value) < threshold)
  }, options)
}

type Evict<T> = (elements: readonly WindowElement<T>[]) => readonly WindowElement<T>[]

function evictor<T>(evict: Evict<T>, options: EvictorOptions = {}): Evictor<T> {
  return options.evict === 'after' ? { evictAfter: evict } : { evictBefore: evict }
}
