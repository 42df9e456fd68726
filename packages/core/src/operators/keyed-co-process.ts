import type { Output } from '../network/output.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { KeyedCoProcess } from './co-process-function.ts'
import { KeyedRuntime } from './keyed-runtime.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from './operator.ts'
import { twoInputs } from './two-inputs.ts'

/** A function with keyed state for two inputs, and the keys of their records. @internal */
export interface KeyedCoFunction {
  readonly process: KeyedCoProcess<unknown, unknown, Key, unknown, StateDeclarations>
  readonly selectFirstKey: (value: unknown) => unknown
  readonly selectSecondKey: (value: unknown) => unknown
}

/** @internal */
export class KeyedCoProcessOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly #runtime: KeyedRuntime

  constructor(keyedFunction: KeyedCoFunction, context: OperatorContext) {
    const { process: user, selectFirstKey, selectSecondKey } = keyedFunction
    this.operatorId = context.operatorId
    this.#runtime = new KeyedRuntime(user, context)
    this.inputs = twoInputs(
      this.#runtime.processing(selectFirstKey, (value, state, seen) =>
        user.processFirst(value, state, seen),
      ),
      this.#runtime.processing(selectSecondKey, (value, state, seen) =>
        user.processSecond(value, state, seen),
      ),
      this.#runtime,
    )
  }

  open(): Promise<void> {
    return this.#runtime.open()
  }

  endInput(): boolean {
    return this.#runtime.endInput()
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    return this.#runtime.snapshot(barrier)
  }

  abortSnapshot(checkpointId: number): void {
    this.#runtime.abortSnapshot(checkpointId)
  }
}
