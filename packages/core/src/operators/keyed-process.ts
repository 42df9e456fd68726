import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { noTimestamp, type CheckpointBarrier } from '../network/stream-element.ts'
import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations, States } from '../state/state-descriptor.ts'
import { noWatermark } from '../time/watermark.ts'
import { emitAll } from './emission.ts'
import type { KeyedContext, KeyedProcess } from './keyed-process-function.ts'
import type { KeyedStateSnapshots } from './keyed-state-snapshots.ts'
import type { Operator, OperatorSnapshot } from './operator.ts'
import { userFunctionFailed } from './user-function.ts'

/** One object for all records of an operator. */
class CurrentContext implements KeyedContext {
  key: Key = ''
  timestamp: number | undefined
  watermark = noWatermark
}

/** What a keyed operator works on. @internal */
export interface KeyedOperatorParts {
  readonly function: KeyedProcess<unknown, Key, unknown, StateDeclarations>
  readonly selectKey: (value: unknown) => unknown
  readonly backend: HeapStateBackend
  readonly snapshots: KeyedStateSnapshots
  readonly output: Output
  readonly flow: FlowControl
  /** Fills the backend from the restored checkpoint. */
  readonly restore: () => Promise<void>
}

/** @internal */
export class KeyedProcessOperator implements Operator {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  readonly #parts: KeyedOperatorParts
  readonly #states: States<StateDeclarations>
  readonly #context = new CurrentContext()

  constructor(operatorId: string, parts: KeyedOperatorParts) {
    this.operatorId = operatorId
    this.output = parts.output
    this.flow = parts.flow
    this.#parts = parts
    this.#states = statesOf(parts)
  }

  async open(): Promise<void> {
    await this.#parts.restore()
  }

  collect(value: unknown, timestamp: number): void {
    const context = this.#context
    let values: Iterable<unknown> | undefined
    try {
      const key = this.#parts.selectKey(value) as Key
      this.#parts.backend.setCurrentKey(key)
      context.key = key
      context.timestamp = timestamp === noTimestamp ? undefined : timestamp
      values = this.#parts.function.process(value, this.#states, context) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    if (values !== undefined) emitAll(this, values, value, timestamp)
  }

  captureContext(): () => void {
    const { key, timestamp } = this.#context
    return () => {
      this.#parts.backend.setCurrentKey(key)
      this.#context.key = key
      this.#context.timestamp = timestamp
    }
  }

  emitWatermark(timestamp: number): void {
    this.#context.watermark = timestamp
    this.output.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.output.emitIdle(idle)
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    const state = this.#parts.snapshots.take(barrier.checkpointId, this.#parts.backend)
    return { state, failure: 'decline-checkpoint' }
  }

  abortSnapshot(checkpointId: number): void {
    this.#parts.snapshots.abort(checkpointId)
  }
}

function statesOf(parts: KeyedOperatorParts): States<StateDeclarations> {
  const states: Record<string, unknown> = {}
  for (const [name, descriptor] of Object.entries(parts.function.state)) {
    states[name] = parts.backend.state(name, descriptor)
  }
  return states
}
