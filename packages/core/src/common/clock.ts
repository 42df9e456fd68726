/**
 * Where time comes from. The engine reads no other clock, so a simulation can replay it. @public
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00:00Z; may jump. */
  now(): number
  /** Monotonic time in milliseconds from an arbitrary start, with fractions; never goes back. */
  monotonic(): number
}
