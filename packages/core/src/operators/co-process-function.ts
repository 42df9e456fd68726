import type { Key } from '../state/key.ts'
import type { StateDeclarations, States } from '../state/state-descriptor.ts'
import type { KeyedContext, TimerContext } from './keyed-process-function.ts'
import type { OutputTag } from '../common/output-tag.ts'

/** What a function of two inputs knows of the record that it processes. @public */
export interface CoContext {
  /** Event time in milliseconds since 1970; `undefined`: the record has none. */
  readonly timestamp: number | undefined
  /** The smaller watermark of the inputs, milliseconds since 1970; `-Infinity` before the first. */
  readonly watermark: number
  /** The clock of the machine, milliseconds since 1970. Not the same after a restart. */
  readonly processingTime: number
  /** Emits to a side output, with the timestamp of the record; see `DataStream.sideOutput`. */
  output<T>(tag: OutputTag<T>, value: T): void
}

/**
 * A function of two inputs without state. Each method returns what to emit, in order, with the
 * timestamp of the record; a generator may yield any number of records.
 *
 * @public
 */
export interface CoProcess<First, Second, Out> {
  /** Called for each record of the first input. */
  processFirst(value: First, context: CoContext): Iterable<Out> | undefined | void
  /** Called for each record of the second input. */
  processSecond(value: Second, context: CoContext): Iterable<Out> | undefined | void
}

/**
 * A function of two inputs with keyed state: records of both with the same key share its states and
 * timers. The rules of `KeyedProcess` apply. Between the inputs there is no order: what is needed
 * of the other one is kept in state until it comes.
 *
 * @public
 */
export interface KeyedCoProcess<
  First,
  Second,
  RecordKey extends Key,
  Out,
  Declarations extends StateDeclarations,
> {
  /** The states by name; a name belongs to its state for ever. */
  readonly state: Declarations
  /** Called for each record of the first input. */
  processFirst(
    value: First,
    state: States<Declarations>,
    context: KeyedContext<RecordKey>,
  ): Iterable<Out> | undefined | void
  /** Called for each record of the second input. */
  processSecond(
    value: Second,
    state: States<Declarations>,
    context: KeyedContext<RecordKey>,
  ): Iterable<Out> | undefined | void
  /**
   * Called when a timer fires, with the states of its key. Event time is the smaller watermark of
   * the inputs.
   */
  onTimer?(
    timestamp: number,
    state: States<Declarations>,
    context: TimerContext<RecordKey>,
  ): Iterable<Out> | undefined | void
}
