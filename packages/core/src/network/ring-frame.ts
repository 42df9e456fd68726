/**
 * What travels through a ring: a stream of frames, which may be longer than the ring. A frame is
 * the length of its body and its kind (uint32 each, little endian), and the body:
 *
 *   records: a batch, see `record-batch.ts`
 *   event: the event, by the codec of values, one session a channel
 *
 * @internal
 */
export const frameKinds = { records: 0, event: 1 } as const

/** @internal */
export const frameHeaderBytes = 8

/** An end of a ring, which is asked to look at the ring when its thread was woken. @internal */
export interface RingEnd {
  poll(): void
}
