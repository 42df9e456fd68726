import type { Key } from '../../state/key.ts'
import type {
  StateDeclarations,
  StateDescriptor,
  States,
  ValueState,
} from '../../state/state-descriptor.ts'
import type { OutputTag } from '../../common/output-tag.ts'
import type { Window } from './window.ts'

/**
 * Computes one result of many records, step by step, so that a window keeps only the accumulator:
 * plain data that is changed by returning another, or in place. Windows that overlap share
 * accumulators of the stretches of time between their edges, and merge them: the result must not
 * depend on the order in which records come.
 *
 * @public
 */
export interface WindowAggregate<In, Accumulator, Out> {
  /** A new accumulator, of no records. */
  create(): Accumulator
  /** The accumulator with one record more; may change and return the one that it was given. */
  add(accumulator: Accumulator, value: In): Accumulator
  /**
   * The accumulator of the records of both. May change and return `into`; never changes `other`,
   * and keeps no part of it that changes later.
   */
  merge(into: Accumulator, other: Accumulator): Accumulator
  /** The result. Does not change the accumulator; nothing in it may change when that does. */
  result(accumulator: Accumulator): Out
}

/** What the function of a window knows of it. @public */
export interface WindowContext<
  RecordKey extends Key = Key,
  // No state of the key.
  State extends StateDeclarations = Record<string, never>,
  WindowValue = never,
> {
  readonly key: RecordKey
  readonly window: Window
  /** The current watermark, milliseconds since 1970; `-Infinity` before the first. */
  readonly watermark: number
  /** The clock of the machine, milliseconds since 1970. Not the same after a restart. */
  readonly processingTime: number
  /** What the function keeps for this window, until it ends. If the function declares it. */
  readonly windowState: ValueState<WindowValue>
  /** What the function keeps for the key, over all its windows; it must clear it itself. */
  readonly globalState: States<State>
  /** Emits to a side output, with the timestamp of the window's results. */
  output<T>(tag: OutputTag<T>, value: T): void
}

/**
 * Called when a window fires. `Contents` are its records in the order in which they came, or what
 * they were reduced or aggregated to. What it returns is emitted with the last millisecond of the
 * window as timestamp.
 *
 * @public
 */
export interface WindowFunction<
  Contents,
  Out,
  RecordKey extends Key = Key,
  State extends StateDeclarations = Record<string, never>,
  WindowValue = never,
> {
  /** State of the key, shared by its windows; a name belongs to its state for ever. */
  readonly state?: State
  /** Declares that it keeps a value for each window. Not with windows that merge. */
  readonly windowState?: StateDescriptor<ValueState<WindowValue>>
  process(
    context: WindowContext<RecordKey, State, WindowValue>,
    contents: Contents,
    // `void`: what a function without `return` is.
  ): Iterable<Out> | undefined | void
  /** The window ends. */
  clear?(context: WindowContext<RecordKey, State, WindowValue>): void
}
