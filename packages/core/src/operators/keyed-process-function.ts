import type { Key } from '../state/key.ts'
import type { StateDeclarations, States } from '../state/state-descriptor.ts'
import type { OutputTag } from '../common/output-tag.ts'

/** Which clock a timer goes by. @public */
export type TimeDomain = 'event-time' | 'processing-time'

/**
 * The timers of the current key, which has at most one for a time and a domain. Times are
 * milliseconds since 1970. Timers are in checkpoints, and are restored with the state of their key.
 *
 * @public
 */
export interface Timers {
  /**
   * Calls `onTimer` when the watermark reaches `timestamp`; if it is there already, with the next
   * watermark. At the end of the input all of them fire.
   */
  registerEventTime(timestamp: number): void
  /** Nothing happens if there is none. */
  deleteEventTime(timestamp: number): void
  /**
   * Calls `onTimer` when the clock of the machine reaches `timestamp`, also if that was while the
   * job was down. At the end of the input they do not fire any more.
   */
  registerProcessingTime(timestamp: number): void
  /** Nothing happens if there is none. */
  deleteProcessingTime(timestamp: number): void
}

/** What a keyed function knows of the record that it processes. @public */
export interface KeyedContext<RecordKey extends Key = Key> {
  readonly key: RecordKey
  /** Event time in milliseconds since 1970; `undefined`: the record has none. */
  readonly timestamp: number | undefined
  /** The current watermark, milliseconds since 1970; `-Infinity` before the first. */
  readonly watermark: number
  /** The clock of the machine, milliseconds since 1970. Not the same after a restart. */
  readonly processingTime: number
  readonly timers: Timers
  /** Emits to a side output, with the timestamp of the record; see `DataStream.sideOutput`. */
  output<T>(tag: OutputTag<T>, value: T): void
}

/** What a keyed function knows of the timer that fires. @public */
export interface TimerContext<RecordKey extends Key = Key> extends KeyedContext<RecordKey> {
  /** The time of the timer. */
  readonly timestamp: number | undefined
  readonly timeDomain: TimeDomain
}

/**
 * A function with keyed state: called for each record with the states of the record's key. State is
 * read and written only through `state`, never through references kept from an earlier call.
 *
 * @public
 */
export interface KeyedProcess<
  In,
  RecordKey extends Key,
  Out,
  Declarations extends StateDeclarations,
> {
  /** The states by name; a name belongs to its state for ever. */
  readonly state: Declarations
  /**
   * Returns what to emit, in order; a generator may yield any number of records. The timestamp of
   * what is emitted is that of `value`.
   */
  process(
    value: In,
    state: States<Declarations>,
    context: KeyedContext<RecordKey>,
    // `void`: what a function without `return` is.
  ): Iterable<Out> | undefined | void
  /**
   * Called when a timer fires, with the states of its key. What it emits for an event-time timer
   * has the timestamp of the timer; for a processing-time timer it has none.
   */
  onTimer?(
    timestamp: number,
    state: States<Declarations>,
    context: TimerContext<RecordKey>,
  ): Iterable<Out> | undefined | void
}
