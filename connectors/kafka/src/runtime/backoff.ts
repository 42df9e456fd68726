/** The shortest and the longest pause, in milliseconds. @internal */
export interface BackoffRange {
  readonly minMs: number
  readonly maxMs: number
}

/** Pauses differ by so much of their length, so that not all clients come back at once. */
const jitter = 0.2

/**
 * The pause after a failure: it doubles with every failure in a row up to the longest, and varies
 * by a fifth to either side, though never beyond the longest.
 *
 * @param failureCount - Failures in a row, from 1.
 * @internal
 */
export function backoffMs(range: BackoffRange, failureCount: number, random: () => number): number {
  const regularMs = Math.min(range.maxMs, range.minMs * 2 ** (failureCount - 1))
  return Math.min(range.maxMs, regularMs * (1 - jitter + 2 * jitter * random()))
}
