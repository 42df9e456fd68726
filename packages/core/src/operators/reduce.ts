import type { Output } from '../network/output.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { Key } from '../state/key.ts'
import { type StateDescriptor, type ValueState, valueState } from '../state/state-descriptor.ts'
import type { KeyedOperatorState } from './keyed-operator-state.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { Operator, OperatorSnapshot } from './operator.ts'
import { userFunctionFailed } from './user-function.ts'

/** How the records of a key become one. @internal */
export interface Reduction {
  /** Throws if a record cannot be the first of its key. */
  readonly checkFirst?: (value: unknown) => void
  readonly reduce: (reduced: unknown, value: unknown) => unknown
}

/** A reduction, and the key of its records. @internal */
export interface KeyedReduction extends Reduction {
  readonly selectKey: (value: unknown) => unknown
}

/** The keyed state of a rolling aggregate. @internal */
export const reduceStates: { readonly reduced: StateDescriptor<ValueState<unknown>> } = {
  reduced: valueState<unknown>(),
}

/**
 * Emits for every record what the records of its key are reduced to so far, with the timestamp of
 * the record; the first one of a key as it is (Flink: StreamGroupedReduceOperator, streaming).
 *
 * @internal
 */
export class ReduceOperator implements Operator {
  readonly operatorId: string
  readonly #reduction: KeyedReduction
  readonly #output: Output
  readonly #keyed: KeyedOperatorState
  readonly #reduced: ValueState<unknown>

  constructor(reduction: KeyedReduction, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.#reduction = reduction
    this.#output = context.output
    this.#keyed = context.createKeyedState()
    this.#reduced = this.#keyed.backend.state('reduced', reduceStates.reduced)
  }

  open(): Promise<void> {
    return this.#keyed.restore()
  }

  collect(value: unknown, timestamp: number): void {
    let reduced: unknown
    try {
      this.#keyed.backend.setKeyOfRecord(this.#reduction.selectKey(value) as Key)
      reduced = this.#next(value)
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    this.#output.collect(reduced, timestamp)
  }

  #next(value: unknown): unknown {
    const earlier = this.#reduced.get()
    if (earlier === undefined) this.#reduction.checkFirst?.(value)
    const reduced = earlier === undefined ? value : this.#reduction.reduce(earlier, value)
    if (reduced === undefined)
      throw new TypeError('what is reduced to undefined would be forgotten')
    this.#reduced.set(reduced)
    return reduced
  }

  emitWatermark(timestamp: number): void {
    this.#output.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.#output.emitIdle(idle)
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    return this.#keyed.snapshot(barrier)
  }

  abortSnapshot(checkpointId: number): void {
    this.#keyed.abortSnapshot(checkpointId)
  }
}
