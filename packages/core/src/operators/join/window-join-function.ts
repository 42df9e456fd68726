import type { Key } from '../../state/key.ts'
import type { WindowContext } from '../window/window-function.ts'

/** A record of a window join, as assigners, triggers and evictors see it. @public */
export type WindowJoinRecord<Left, Right> =
  | { readonly side: 'left'; readonly value: Left }
  | { readonly side: 'right'; readonly value: Right }

/**
 * Called for each pair of records of a key in a window that fires; returns what to emit, in order.
 * It must not change the records: they are joined with others too.
 *
 * @public
 */
export type WindowJoinFunction<Left, Right, Out, RecordKey extends Key = Key> = (
  left: Left,
  right: Right,
  context: WindowContext<RecordKey>,
  // `void`: what a function without `return` is.
) => Iterable<Out> | undefined | void

/**
 * Called for each window that fires, with all its records of a key; one of the lists may be empty,
 * not both. Returns what to emit, in order.
 *
 * @public
 */
export type CoGroupFunction<Left, Right, Out, RecordKey extends Key = Key> = (
  left: readonly Left[],
  right: readonly Right[],
  context: WindowContext<RecordKey>,
) => Iterable<Out> | undefined | void
