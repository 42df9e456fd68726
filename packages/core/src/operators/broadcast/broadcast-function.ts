import type {
  BroadcastDeclarations,
  BroadcastStates,
  ReadOnlyBroadcastStates,
} from '../../state/broadcast-state.ts'
import type { Key } from '../../state/key.ts'
import type { StateDeclarations, States } from '../../state/state-descriptor.ts'
import type { CoContext } from '../co-process-function.ts'
import type { KeyedContext, TimerContext } from '../keyed-process-function.ts'

/**
 * A function of a stream and of a broadcast stream. Only `processBroadcast` writes the broadcast
 * states. Every subtask gets all broadcast records in their order; between them and the records of
 * the stream there is none. What is emitted for a broadcast record is emitted by every subtask.
 *
 * @public
 */
export interface BroadcastProcess<In, Rule, Out, Shared extends BroadcastDeclarations> {
  /** Called for each record of the stream. Returns what to emit. */
  process(
    value: In,
    broadcast: ReadOnlyBroadcastStates<Shared>,
    context: CoContext,
  ): Iterable<Out> | undefined | void
  /** Called in every subtask for each broadcast record. */
  processBroadcast(
    value: Rule,
    broadcast: BroadcastStates<Shared>,
    context: CoContext,
  ): Iterable<Out> | undefined | void
}

/** What records of the keyed stream see: the states of their key, and what all share. @public */
export interface KeyedAndBroadcast<
  Declarations extends StateDeclarations,
  Shared extends BroadcastDeclarations,
> {
  readonly state: States<Declarations>
  readonly broadcast: ReadOnlyBroadcastStates<Shared>
}

/** What a broadcast record sees of a keyed stream. @public */
export interface BroadcastContext<RecordKey extends Key, Declarations extends StateDeclarations>
  extends CoContext {
  /**
   * Calls `visit` with the states of every key of the subtask that has any of them, in no
   * particular order.
   */
  applyToKeyedState(visit: (key: RecordKey, state: States<Declarations>) => void): void
}

/**
 * A function of a keyed stream and of a broadcast stream: `BroadcastProcess` with keyed state and
 * timers, which only the keyed stream has.
 *
 * @public
 */
export interface KeyedBroadcastProcess<
  In,
  Rule,
  RecordKey extends Key,
  Out,
  Declarations extends StateDeclarations,
  Shared extends BroadcastDeclarations,
> {
  /** The keyed states by name; a name belongs to its state for ever. */
  readonly state: Declarations
  /** Called for each record of the keyed stream. Returns what to emit. */
  process(
    value: In,
    states: KeyedAndBroadcast<Declarations, Shared>,
    context: KeyedContext<RecordKey>,
  ): Iterable<Out> | undefined | void
  /** Called in every subtask for each broadcast record. */
  processBroadcast(
    value: Rule,
    broadcast: BroadcastStates<Shared>,
    context: BroadcastContext<RecordKey, Declarations>,
  ): Iterable<Out> | undefined | void
  /** Called when a timer fires, with the states of its key. */
  onTimer?(
    timestamp: number,
    states: KeyedAndBroadcast<Declarations, Shared>,
    context: TimerContext<RecordKey>,
  ): Iterable<Out> | undefined | void
}
