import { unreachable } from '../common/assert.ts'
import type { KeyIdentity } from './key.ts'
import type { StateKind } from './state-descriptor.ts'

/**
 * How long a state keeps what is not used, by the clock of the machine. A value is expired when the
 * clock has reached its last use plus `ms`; in lists and maps, every element has its own time.
 * Expired values are removed when they are read, are in no checkpoint, and vanish by and by while
 * records are processed. May be added, changed and removed over restarts: a value that has no time
 * yet counts from the restore.
 *
 * @public
 */
export interface StateTtl {
  /** Milliseconds, > 0. */
  readonly ms: number
  /** What counts as use; default `on-create-and-write`. */
  readonly update?: 'on-create-and-write' | 'on-read-and-write'
  /**
   * Whether an expired value that is still there is read, once; default `never-return-expired`.
   */
  readonly visibility?: 'never-return-expired' | 'return-expired-if-not-cleaned-up'
}

/** A value, and when it was used last: milliseconds since 1970. @internal */
export interface TimedValue {
  value: unknown
  at: number
}

/** The values of a list, and for each when it was used last. @internal */
export interface TimedList {
  readonly values: unknown[]
  readonly times: number[]
}

/** @internal */
export type TimedMap = Map<KeyIdentity, TimedValue>

/** Whether what was used last at `at` is expired. @internal */
export function expired(at: number, ttl: StateTtl, now: number): boolean {
  return now >= at + ttl.ms
}

/** Whether an expired value is shown once more when it is read. @internal */
export function showsExpired(ttl: StateTtl): boolean {
  return ttl.visibility === 'return-expired-if-not-cleaned-up'
}

/** Whether reading counts as use. @internal */
export function refreshesOnRead(ttl: StateTtl): boolean {
  return ttl.update === 'on-read-and-write'
}

/** How expired elements are told. @internal */
export interface TtlAt {
  readonly ttl: StateTtl
  readonly now: number
}

/**
 * What of an entry with times is not expired: itself, a copy without the expired elements, or
 * `undefined` if nothing is left. @internal
 */
export function unexpired(kind: StateKind, stored: unknown, at: TtlAt): unknown {
  switch (kind) {
    case 'value':
    case 'reducing':
    case 'aggregating':
      return expired((stored as TimedValue).at, at.ttl, at.now) ? undefined : stored
    case 'list':
      return unexpiredList(stored as TimedList, at)
    case 'map':
      return unexpiredMap(stored as TimedMap, at)
    default:
      return unreachable(kind)
  }
}

function unexpiredList(stored: TimedList, { ttl, now }: TtlAt): TimedList | undefined {
  const { values, times } = stored
  if (!times.some((time) => expired(time, ttl, now))) return stored
  const live: TimedList = { values: [], times: [] }
  for (const [index, time] of times.entries()) {
    if (expired(time, ttl, now)) continue
    live.values.push(values[index])
    live.times.push(time)
  }
  return live.values.length === 0 ? undefined : live
}

function unexpiredMap(stored: TimedMap, { ttl, now }: TtlAt): TimedMap | undefined {
  let live = stored
  for (const [key, { at }] of stored) {
    if (!expired(at, ttl, now)) continue
    if (live === stored) live = new Map(stored)
    live.delete(key)
  }
  return live.size === 0 ? undefined : live
}
