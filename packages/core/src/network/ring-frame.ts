/**
 * What travels through a ring: a stream of frames, which may be longer than the ring. A frame is
 * its length without these four bytes, and a byte for its kind; then
 *
 *   records: their number (uint32), the values (codec of values, one session a channel), 0 or 1,
 *            and if it is 1 the timestamps (float64 each)
 *   event:   the event, written by the codec of values in the same session
 *
 * All little endian.
 *
 * @internal
 */
export const frameKinds = { records: 0, event: 1 } as const

/** An end of a ring, which is asked to look at the ring when its thread was woken. @internal */
export interface RingEnd {
  poll(): void
}
