import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { KeyedProcess } from './keyed-process-function.ts'
import { KeyedRuntime } from './keyed-runtime.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { Operator, OperatorSnapshot } from './operator.ts'
import { userFunctionFailed } from './user-function.ts'

/** A function with keyed state, and the key of its records. @internal */
export interface KeyedFunction {
  readonly process: KeyedProcess<unknown, Key, unknown, StateDeclarations>
  readonly selectKey: (value: unknown) => unknown
}

/** @internal */
export class KeyedProcessOperator implements Operator {
  readonly operatorId: string
  readonly #function: KeyedFunction
  readonly #runtime: KeyedRuntime

  constructor(keyedFunction: KeyedFunction, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.#function = keyedFunction
    this.#runtime = new KeyedRuntime(keyedFunction.process, context)
  }

  open(): Promise<void> {
    return this.#runtime.open()
  }

  collect(value: unknown, timestamp: number): void {
    const runtime = this.#runtime
    let values: Iterable<unknown> | undefined
    try {
      runtime.begin(this.#function.selectKey(value) as Key, timestamp)
      values = this.#function.process.process(value, runtime.states, runtime.context) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    runtime.emit(values, value, timestamp)
  }

  emitWatermark(timestamp: number): void {
    this.#runtime.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.#runtime.output.emitIdle(idle)
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
