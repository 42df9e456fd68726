import type { Output } from '../../network/output.ts'
import { type CheckpointBarrier, noTimestamp } from '../../network/stream-element.ts'
import type { BroadcastDeclarations } from '../../state/broadcast-state.ts'
import type { Key } from '../../state/key.ts'
import type { StateDeclarations, States } from '../../state/state-descriptor.ts'
import { RecordContext } from '../co-process.ts'
import { emitAll } from '../emission.ts'
import { type KeyedFunctions, KeyedRuntime } from '../keyed-runtime.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from '../operator.ts'
import type { OutputTag } from '../output-tag.ts'
import { twoInputs } from '../two-inputs.ts'
import { userFunctionFailed } from '../user-function.ts'
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
  readonly #function: KeyedBroadcastFunction
  readonly #runtime: KeyedRuntime
  readonly #lists: BroadcastLists
  readonly #states: Parameters<UntypedProcess['process']>[1]
  readonly #broadcastContext: KeyedStateContext

  constructor(keyedFunction: KeyedBroadcastFunction, context: OperatorContext) {
    const { process: user, broadcast } = keyedFunction
    this.operatorId = context.operatorId
    this.#function = keyedFunction
    this.#lists = new BroadcastLists(broadcast, context)
    this.#runtime = new KeyedRuntime(this.#keyedFunctions(user), context)
    this.#states = { state: this.#runtime.states, broadcast: this.#lists.readOnly }
    this.#broadcastContext = new KeyedStateContext(context, this.#runtime, user.state)
    this.inputs = twoInputs(
      (value, timestamp) => this.#process(value, timestamp),
      (value, timestamp) => this.#processBroadcast(value, timestamp),
      {
        emitWatermark: (timestamp) => {
          this.#broadcastContext.record.watermark = timestamp
          this.#runtime.emitWatermark(timestamp)
        },
        emitIdle: (idle) => this.#runtime.output.emitIdle(idle),
      },
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

  #process(value: unknown, timestamp: number): void {
    const { process: user, selectKey } = this.#function
    const runtime = this.#runtime
    let values: Iterable<unknown> | undefined
    try {
      runtime.begin(selectKey(value) as Key, timestamp)
      values = user.process(value, this.#states, runtime.context) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    runtime.emit(values, value, timestamp)
  }

  #processBroadcast(value: unknown, timestamp: number): void {
    const { operatorId } = this
    const { process: user } = this.#function
    const { output, flow } = this.#runtime
    const context = this.#broadcastContext
    context.record.timestamp = timestamp === noTimestamp ? undefined : timestamp
    let values: Iterable<unknown> | undefined
    try {
      values = user.processBroadcast(value, this.#lists.writable, context) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(operatorId, value, cause)
    }
    // Not of the runtime: a broadcast record has no key to go on with.
    if (values !== undefined) emitAll({ operatorId, output, flow }, values, value, timestamp)
  }
}

class KeyedStateContext implements BroadcastContext<Key, StateDeclarations> {
  readonly record: RecordContext
  readonly #runtime: KeyedRuntime
  readonly #stateNames: readonly string[]

  constructor(context: OperatorContext, runtime: KeyedRuntime, declarations: StateDeclarations) {
    this.record = new RecordContext(context)
    this.#runtime = runtime
    this.#stateNames = Object.keys(declarations)
  }

  get timestamp(): number | undefined {
    return this.record.timestamp
  }

  get watermark(): number {
    return this.record.watermark
  }

  get processingTime(): number {
    return this.record.processingTime
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.record.output(tag, value)
  }

  applyToKeyedState(visit: (key: Key, state: States<StateDeclarations>) => void): void {
    this.#runtime.forEachKey(this.#stateNames, visit)
  }
}
