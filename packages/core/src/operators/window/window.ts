import { FlinktsError } from '../../common/errors.ts'

/**
 * A stretch of time, in milliseconds: from `start` (inclusive) to `end` (exclusive). Two windows of
 * a key with the same bounds are one. The global window is from `-Infinity` to `Infinity`.
 *
 * @public
 */
export interface Window {
  readonly start: number
  readonly end: number
}

/**
 * The last millisecond of a window, at which the watermark closes it; also the timestamp of its
 * results.
 *
 * @public
 */
export function maxTimestampOf(window: Window): number {
  return window.end - 1
}

/** The window alone, of an object that has more. @internal */
export function boundsOf({ start, end }: Window): Window {
  return { start, end }
}

/** @internal */
export function isSameWindow(one: Window, other: Window): boolean {
  return one.start === other.start && one.end === other.end
}

/** By end, then by start: the order in which windows of a key fire. @internal */
export function compareWindows(one: Window, other: Window): number {
  if (one.end !== other.end) return one.end < other.end ? -1 : 1
  if (one.start === other.start) return 0
  return one.start < other.start ? -1 : 1
}

/**
 * The last start of a window, of those every `slideMs` from `offsetMs`, that is not after
 * `timestamp`; also before 1970. The remainder is exact where a division would round.
 *
 * @internal
 */
export function windowStart(timestamp: number, slideMs: number, offsetMs: number): number {
  const past = (timestamp - offsetMs) % slideMs
  return past < 0 ? timestamp - past - slideMs : timestamp - past
}

/**
 * A record that event time cannot place.
 *
 * @throws FlinktsError FLINKTS_TIMESTAMP_MISSING
 * @internal
 */
export function checkTimestamp(timestamp: number, what: string): void {
  if (Number.isFinite(timestamp)) return
  throw new FlinktsError(
    'FLINKTS_TIMESTAMP_MISSING',
    timestamp === Infinity
      ? `${what} got a result of a global window, which is at no time`
      : `${what} got a record without a timestamp`,
    {
      hint:
        'Assign a watermark strategy with timestamps to the stream before the windows, or use ' +
        'windows of processing time.',
    },
  )
}

/** @internal */
export function optionInvalid(what: string, value: unknown, hint: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', `${what} is ${String(value)}`, { hint })
}

/**
 * A length of time that must be above 0.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function checkPositive(what: string, ms: number): void {
  if (ms > 0 && Number.isFinite(ms)) return
  throw optionInvalid(what, ms, 'Give a number of milliseconds above 0.')
}

/**
 * A number of records that must be 1 or more.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function checkCount(what: string, count: number): void {
  if (count >= 1 && Number.isSafeInteger(count)) return
  throw optionInvalid(what, count, 'Give a whole number of 1 or more.')
}
