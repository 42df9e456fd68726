import type { SubtaskContext } from '../connector/context.ts'
import type { Preflight } from '../connector/preflight.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import type { CreateCombiner } from '../network/record-combiner.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { KeyedOperatorState } from './keyed-operator-state.ts'
import type { ListDeclaration, OperatorList } from './operator-list.ts'
import type { Operator, TwoInputOperator } from './operator.ts'

/** What an operator between sources and sinks does, in a word. @public */
export type OperatorType =
  | 'map'
  | 'filter'
  | 'flat-map'
  | 'process'
  | 'reduce'
  | 'async'
  | 'broadcast-process'
  | 'co-map'
  | 'co-flat-map'
  | 'co-process'
  | 'interval-join'
  | 'window'
  | 'window-join'
  | 'watermarks'

/**
 * An operator as the job defines it: how to make it in each subtask. Operators with two inputs are
 * at the head of their chain, and so never chained to another.
 *
 * @internal
 */
export interface OperatorDefinition extends Preflight {
  readonly type: OperatorType
  /** The keyed state that it declares. */
  readonly states?: StateDeclarations
  /** What it keeps for each key besides, in words. */
  readonly keeps?: readonly string[]
  /** The names of its lists. */
  readonly lists?: readonly string[]
  /** `head`: it is never chained to what it reads. */
  readonly chaining?: 'head'
  /**
   * Puts records together by key before they are sent to its subtasks, where that spares sending
   * many; they enter the operator at `combined`. Only operators with one input have it.
   */
  readonly combiner?: CreateCombiner
  create(context: OperatorContext): Operator | TwoInputOperator
}

/** What an operator gets in its subtask. @internal */
export interface OperatorContext {
  readonly operatorId: string
  readonly subtask: SubtaskContext
  readonly output: Output
  readonly flow: FlowControl
  /** Aborted when the task fails or is cancelled. */
  readonly signal: AbortSignal
  /** Where records of a side output go; nowhere if nothing reads it. */
  sideOutput(tag: string): Output
  /** A list of the operator, which belongs to no key. Called before `open`. */
  listState<T>(declaration: ListDeclaration<T>): OperatorList<T>
  /** The keyed state of the subtask's key groups. Called at most once. */
  createKeyedState(): KeyedOperatorState
  /**
   * Runs `action` on the task between two records, with the chain free to emit; for timers and what
   * completes in the background. In the order of the calls. Dropped when the task ends.
   */
  runOnTask(action: () => void): void
}
