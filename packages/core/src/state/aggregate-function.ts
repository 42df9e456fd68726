/**
 * Adds values up in an accumulator, from which the result is made. Accumulators are plain data,
 * never `undefined`.
 *
 * @public
 */
export interface AggregateFunction<In, Accumulator, Out> {
  /** A new accumulator, of no values. */
  create(): Accumulator
  /** The accumulator with one value more; may change and return the one that it was given. */
  add(accumulator: Accumulator, value: In): Accumulator
  /** The accumulator of the values of both. A keyed state has no use for it. */
  merge?(into: Accumulator, other: Accumulator): Accumulator
  /** The result; nothing in it may change when the accumulator does. */
  result(accumulator: Accumulator): Out
}
