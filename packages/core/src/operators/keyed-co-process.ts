import type { Output } from '../network/output.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations, States } from '../state/state-descriptor.ts'
import type { KeyedCoProcess } from './co-process-function.ts'
import type { KeyedContext } from './keyed-process-function.ts'
import { KeyedRuntime } from './keyed-runtime.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from './operator.ts'
import { type Collect, twoInputs } from './two-inputs.ts'
import { userFunctionFailed } from './user-function.ts'

/** A function with keyed state for two inputs, and the keys of their records. @internal */
export interface KeyedCoFunction {
  readonly process: KeyedCoProcess<unknown, unknown, Key, unknown, StateDeclarations>
  readonly selectFirstKey: (value: unknown) => unknown
  readonly selectSecondKey: (value: unknown) => unknown
}

type KeyedMethod = (
  value: unknown,
  state: States<StateDeclarations>,
  context: KeyedContext,
) => Iterable<unknown> | undefined | void

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
      this.#processing(selectFirstKey, (value, state, seen) =>
        user.processFirst(value, state, seen),
      ),
      this.#processing(selectSecondKey, (value, state, seen) =>
        user.processSecond(value, state, seen),
      ),
      {
        emitWatermark: (timestamp) => this.#runtime.emitWatermark(timestamp),
        emitIdle: (idle) => this.#runtime.output.emitIdle(idle),
      },
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

  #processing(selectKey: (value: unknown) => unknown, method: KeyedMethod): Collect {
    return (value, timestamp) => {
      const runtime = this.#runtime
      let values: Iterable<unknown> | undefined
      try {
        runtime.begin(selectKey(value) as Key, timestamp)
        values = method(value, runtime.states, runtime.context) ?? undefined
      } catch (cause) {
        throw userFunctionFailed(this.operatorId, value, cause)
      }
      runtime.emit(values, value, timestamp)
    }
  }
}
