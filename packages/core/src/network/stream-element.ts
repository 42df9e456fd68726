/**
 * Why a checkpoint is taken. `stop`: sources emit nothing after its barrier. `final`: every source
 * has ended before it.
 *
 * @internal
 */
export type CheckpointKind = 'periodic' | 'stop' | 'final'

/**
 * Cuts the stream: what is before it belongs to the checkpoint, what is after it does not.
 * @internal
 */
export interface CheckpointBarrier {
  readonly type: 'barrier'
  readonly checkpointId: number
  readonly kind: CheckpointKind
}

/** What travels between records, in order with them. @internal */
export type StreamEvent =
  | CheckpointBarrier
  /** No record with a timestamp <= `timestamp` follows. */
  | { readonly type: 'watermark'; readonly timestamp: number }
  /** The channel does (not) count for the watermark. */
  | { readonly type: 'idle'; readonly idle: boolean }
  /** No record follows; barriers do. */
  | { readonly type: 'end-of-data' }

/** The timestamp of a record that has none. @internal */
export const noTimestamp: number = -Infinity
