import type { Key } from '../state/key.ts'
import type { StateDeclarations, States } from '../state/state-descriptor.ts'

/** What a keyed function knows of the record that it processes. @public */
export interface KeyedContext<RecordKey extends Key = Key> {
  readonly key: RecordKey
  /** Event time in milliseconds since 1970; `undefined`: the record has none. */
  readonly timestamp: number | undefined
  /** The current watermark, milliseconds since 1970; `-Infinity` before the first. */
  readonly watermark: number
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
}
