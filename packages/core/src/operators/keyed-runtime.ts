import { assert } from '../common/assert.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { noTimestamp, type CheckpointBarrier } from '../network/stream-element.ts'
import { type Key, type KeyIdentity, keyOfIdentity } from '../state/key.ts'
import type { StateDeclarations, States } from '../state/state-descriptor.ts'
import { noWatermark } from '../time/watermark.ts'
import { emitAll, type EmittingOperator } from './emission.ts'
import type { KeyedOperatorState } from './keyed-operator-state.ts'
import { KeyGroupWatermark } from './key-group-watermark.ts'
import type { KeyedContext, TimeDomain, TimerContext, Timers } from './keyed-process-function.ts'
import { checkedTimer, KeyedTimers } from './keyed-timers.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { OperatorSnapshot } from './operator.ts'
import type { OutputTag } from '../common/output-tag.ts'
import { RecordTimestamp } from './record-timestamp.ts'
import { ProcessingTimers } from './processing-timers.ts'
import { SideOutputs } from './side-outputs.ts'
import { advanceTime } from './time-advance.ts'
import type { Collect, TimeOutput } from './two-inputs.ts'
import { userFunctionFailed } from './user-function.ts'

/** What a keyed function does besides processing records. @internal */
export interface KeyedFunctions {
  readonly state: StateDeclarations
  onTimer?(
    timestamp: number,
    state: States<StateDeclarations>,
    context: TimerContext,
  ): Iterable<unknown> | undefined | void
}

/** What the job keeps of timers: none if nothing happens when they fire. @internal */
export function keptTimers({ onTimer }: { readonly onTimer?: unknown }): readonly string[] {
  return onTimer === undefined ? [] : ['timers']
}

/** A function for the records of one input. @internal */
export type KeyedMethod = (
  value: unknown,
  state: States<StateDeclarations>,
  context: KeyedContext,
) => Iterable<unknown> | undefined | void

/**
 * What a function with keyed state runs on: its state, its timers, the context that it sees, and
 * emitting with pauses. Runs on the task's thread.
 *
 * @internal
 */
export class KeyedRuntime implements EmittingOperator, TimeOutput {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  readonly states: States<StateDeclarations>
  readonly context: RuntimeContext
  readonly #functions: KeyedFunctions
  readonly #keyed: KeyedOperatorState
  readonly #time: KeyGroupWatermark
  readonly #eventTimers: KeyedTimers
  readonly #processingTimers: KeyedTimers
  readonly #processing: ProcessingTimers
  #inputWatermark = noWatermark

  constructor(functions: KeyedFunctions, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#functions = functions
    this.#keyed = context.createKeyedState()
    const { backend } = this.#keyed
    this.states = backend.statesOf(functions.state)
    this.#time = new KeyGroupWatermark(backend)
    this.#eventTimers = new KeyedTimers(backend, '~event-timers')
    this.#processingTimers = new KeyedTimers(backend, '~processing-timers')
    this.#processing = new ProcessingTimers(this.#processingTimers, context, () => {
      this.#fire(this.#processingTimers, 'processing-time', context.subtask.clock.now(), () => {})
    })
    this.context = new RuntimeContext(context, this.#time, {
      registerEventTime: (timestamp) => this.#eventTimers.register(checkedTimer(timestamp)),
      deleteEventTime: (timestamp) => this.#eventTimers.delete(timestamp),
      registerProcessingTime: (timestamp) => {
        this.#processingTimers.register(checkedTimer(timestamp))
        this.#processing.arm()
      },
      deleteProcessingTime: (timestamp) => this.#processingTimers.delete(timestamp),
    })
  }

  async open(): Promise<void> {
    await this.#keyed.restore()
    this.#time.restore()
    this.#eventTimers.restored()
    this.#processingTimers.restored()
    this.#processing.arm()
  }

  /** Calls `method` for each record, with the state of its key, and emits what it returns. */
  processing(selectKey: (value: unknown) => unknown, method: KeyedMethod): Collect {
    return (value, timestamp) => {
      let values: Iterable<unknown> | undefined
      try {
        this.#begin(selectKey(value) as Key, timestamp)
        values = method(value, this.states, this.context) ?? undefined
      } catch (cause) {
        throw userFunctionFailed(this.operatorId, value, cause)
      }
      if (values !== undefined) emitAll(this, values, value, timestamp)
    }
  }

  /** From now on state, timers and context are those of a record of this key. */
  #begin(key: Key, timestamp: number): void {
    this.#keyed.backend.setKeyOfRecord(key)
    this.context.key = key
    this.context.timestampOrNone = timestamp
  }

  /** A record without key follows: it must not see the state of the record before. */
  leaveKey(): void {
    this.#keyed.backend.clearCurrentKey()
  }

  /**
   * Calls `visit` for every key that has any of these states, as the current key. After it there is
   * no current key.
   */
  forEachKey(names: readonly string[], visit: (key: Key, states: this['states']) => void): void {
    const { backend } = this.#keyed
    const keys = new Map<KeyIdentity, number>()
    for (const name of names) backend.forEach(name, (identity, hash) => keys.set(identity, hash))
    for (const [identity, hash] of keys) {
      backend.setCurrentIdentity(identity, hash)
      visit(keyOfIdentity(identity), this.states)
    }
    this.leaveKey()
  }

  captureContext(): () => void {
    const { key, timestampOrNone, timeDomain } = this.context
    return () => {
      this.#keyed.backend.setCurrentKey(key)
      this.context.key = key
      this.context.timestampOrNone = timestampOrNone
      this.context.timeDomain = timeDomain
    }
  }

  /**
   * Fires what is due before the watermark goes on. After a restore the inputs come again to where
   * they were at the checkpoint: until they are beyond it, time does not advance.
   */
  emitWatermark(watermark: number): void {
    assert(watermark >= this.#inputWatermark, 'a watermark never goes back')
    this.#inputWatermark = watermark
    const until = this.#time.advanceTo(watermark) ? watermark : noWatermark
    const forward = (): void => this.output.emitWatermark(watermark)
    this.#fire(this.#eventTimers, 'event-time', until, forward)
  }

  emitIdle(idle: boolean): void {
    this.output.emitIdle(idle)
  }

  endInput(): boolean {
    this.#processing.quiesce()
    return true
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    this.#time.store()
    return this.#keyed.snapshot(barrier)
  }

  abortSnapshot(checkpointId: number): void {
    this.#keyed.abortSnapshot(checkpointId)
  }

  #fire(timers: KeyedTimers, timeDomain: TimeDomain, until: number, done: () => void): void {
    const next = (): boolean => {
      const timestamp = timers.takeDue(until)
      if (timestamp !== undefined) this.#fireTimer(timestamp, timeDomain)
      return timestamp !== undefined
    }
    advanceTime(this.flow, { next, done })
  }

  #fireTimer(timestamp: number, timeDomain: TimeDomain): void {
    const { context } = this
    const key = this.#keyed.backend.currentKey
    assert(key !== undefined, 'a timer makes its key the current one')
    context.key = key
    context.timestampOrNone = timestamp
    context.timeDomain = timeDomain
    const timer = { timer: timestamp, timeDomain, key }
    let values: Iterable<unknown> | undefined
    try {
      values = this.#functions.onTimer?.(timestamp, this.states, context) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, timer, cause)
    }
    const emitted = timeDomain === 'event-time' ? timestamp : noTimestamp
    if (values !== undefined) emitAll(this, values, timer, emitted)
  }
}

/** One object for all records and timers of an operator. */
class RuntimeContext extends RecordTimestamp implements KeyedContext, TimerContext {
  key: Key = ''
  timeDomain: TimeDomain = 'event-time'
  readonly timers: Timers
  readonly #operator: OperatorContext
  readonly #time: KeyGroupWatermark
  readonly #sides: SideOutputs

  constructor(operator: OperatorContext, time: KeyGroupWatermark, timers: Timers) {
    super()
    this.#operator = operator
    this.#time = time
    this.#sides = new SideOutputs(operator)
    this.timers = timers
  }

  get watermark(): number {
    return this.#time.current
  }

  get processingTime(): number {
    return this.#operator.subtask.clock.now()
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#sides.collect(tag, value, this.timestampOrNone)
  }
}
