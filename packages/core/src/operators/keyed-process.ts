import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { KeyedProcess } from './keyed-process-function.ts'
import { KeyedRuntime } from './keyed-runtime.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { Operator, OperatorSnapshot } from './operator.ts'
import type { Collect } from './two-inputs.ts'

/** A function with keyed state, and the key of its records. @internal */
export interface KeyedFunction {
  readonly process: KeyedProcess<unknown, Key, unknown, StateDeclarations>
  readonly selectKey: (value: unknown) => unknown
}

/** @internal */
export class KeyedProcessOperator implements Operator {
  readonly operatorId: string
  readonly #runtime: KeyedRuntime
  readonly #process: Collect

  constructor({ process: user, selectKey }: KeyedFunction, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.#runtime = new KeyedRuntime(user, context)
    this.#process = this.#runtime.processing(selectKey, (value, state, seen) =>
      user.process(value, state, seen),
    )
  }

  open(): Promise<void> {
    return this.#runtime.open()
  }

  collect(value: unknown, timestamp: number): void {
    this.#process(value, timestamp)
  }

  emitWatermark(timestamp: number): void {
    this.#runtime.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.#runtime.emitIdle(idle)
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
