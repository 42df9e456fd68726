/**
 * Sequence numbers, by which brokers know the batches of a producer: 0 to 2^31 - 1, after which
 * comes 0 again.
 */

/** The greatest, inclusive. @internal */
export const sequenceMax: number = 2 ** 31 - 1

/**
 * The sequence number that is `count` after another.
 *
 * @param count - 0 to `sequenceMax`, inclusive.
 * @internal
 */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % (sequenceMax + 1)
}

/**
 * The sequence number that is `count` before another.
 *
 * @param count - 0 to `sequenceMax`, inclusive.
 * @internal
 */
export function sequenceBefore(sequence: number, count: number): number {
  return (sequence - count + sequenceMax + 1) % (sequenceMax + 1)
}
