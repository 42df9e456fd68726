import type { OutputTag } from '../../common/output-tag.ts'

/** What an interval join knows of the pair that it joins. @public */
export interface IntervalJoinContext {
  /** Milliseconds since 1970. */
  readonly leftTimestamp: number
  /** Milliseconds since 1970. */
  readonly rightTimestamp: number
  /** The greater one of the two: the timestamp of what is emitted. */
  readonly timestamp: number
  /** Emits to a side output, with `timestamp`; see `DataStream.sideOutput`. */
  output<T>(tag: OutputTag<T>, value: T): void
}

/**
 * Called for each pair that is joined; returns what to emit, in order. It must not change the
 * records: they are joined with others too.
 *
 * @public
 */
export type IntervalJoinFunction<Left, Right, Out> = (
  left: Left,
  right: Right,
  context: IntervalJoinContext,
  // `void`: what a function without `return` is.
) => Iterable<Out> | undefined | void
