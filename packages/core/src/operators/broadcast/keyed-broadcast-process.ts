import type { Output } from '../../network/output.ts'
import type { CheckpointBarrier } from '../../network/stream-element.ts'
import type { BroadcastDeclarations } from '../../state/broadcast-state.ts'
import type { Key } from '../../state/key.ts'
import type { StateDeclarations, States } from '../../state/state-descriptor.ts'
import { type KeyedFunctions, KeyedRuntime } from '../keyed-runtime.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from '../operator.ts'
import type { OutputTag } from '../../common/output-tag.ts'
import { type RecordContext, RecordRuntime } from '../record-runtime.ts'
import { twoInputs } from '../two-inputs.ts'
import { BroadcastLists } from './broadcast-lists.ts'
import type { BroadcastFunction } from './broadcast-process.ts'
import type { BroadcastContext, KeyedBroadcastProcess } from './broadcast-function.ts'

type UntypedProcess = KeyedBroadcastProcess<
  unknown,
  unknown,
  Key,
  unknown,
  StateDeclarations,
  BroadcastDeclarations
>

/** A function with keyed and broadcast states, and the key of its records. @internal */
export interface KeyedBroadcastFunction extends BroadcastFunction<UntypedProcess> {
  readonly selectKey: (value: unknown) => unknown
}

/** @internal */
export class KeyedBroadcastProcessOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly #runtime: KeyedRuntime
  readonly #lists: BroadcastLists
  readonly #states: Parameters<UntypedProcess['process']>[1]

  constructor(
    { process: user, broadcast, selectKey }: KeyedBroadcastFunction,
    context: OperatorContext,
  ) {
    this.operatorId = context.operatorId
    this.#lists = new BroadcastLists(broadcast, context)
    this.#runtime = new KeyedRuntime(this.#keyedFunctions(user), context)
    this.#states = { state: this.#runtime.states, broadcast: this.#lists.readOnly }
    // Not of the keyed runtime: a broadcast record has no key to go on with.
    const records = new RecordRuntime(context)
    const seen = new KeyedStateContext(records.context, this.#runtime, user.state)
    this.inputs = twoInputs(
      this.#runtime.processing(selectKey, (value, _state, keyed) =>
        user.process(value, this.#states, keyed),
      ),
      records.processing((value) => {
        this.#runtime.leaveKey()
        return user.processBroadcast(value, this.#lists.writable, seen)
      }),
      this.#runtime,
    )
  }

  async open(): Promise<void> {
    this.#lists.restore()
    await this.#runtime.open()
  }

  endInput(): boolean {
    return this.#runtime.endInput()
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    const lists = this.#lists.snapshot()
    const { state, failure } = this.#runtime.snapshot(barrier)
    return { state: state.then((keyed) => ({ ...keyed, lists })), failure }
  }

  abortSnapshot(checkpointId: number): void {
    this.#runtime.abortSnapshot(checkpointId)
  }

  #keyedFunctions(user: UntypedProcess): KeyedFunctions {
    const { state } = user
    if (user.onTimer === undefined) return { state }
    return {
      state,
      onTimer: (timestamp, _state, context) => user.onTimer?.(timestamp, this.#states, context),
    }
  }
}

class KeyedStateContext implements BroadcastContext<Key, StateDeclarations> {
  readonly #record: RecordContext
  readonly #runtime: KeyedRuntime
  readonly #stateNames: readonly string[]

  constructor(record: RecordContext, runtime: KeyedRuntime, declarations: StateDeclarations) {
    this.#record = record
    this.#runtime = runtime
    this.#stateNames = Object.keys(declarations)
  }

  get timestamp(): number | undefined {
    return this.#record.timestamp
  }

  get watermark(): number {
    return this.#runtime.context.watermark
  }

  get processingTime(): number {
    return this.#record.processingTime
  }

  get timers(): never {
    return this.#record.timers
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#record.output(tag, value)
  }

  applyToKeyedState(visit: (key: Key, state: States<StateDeclarations>) => void): void {
    this.#runtime.forEachKey(this.#stateNames, visit)
  }
}
