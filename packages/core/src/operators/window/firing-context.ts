import type { Clock } from '../../common/clock.ts'
import type { HeapStateBackend } from '../../state/heap-state-backend.ts'
import type { Key } from '../../state/key.ts'
import type { StateDeclarations, States, ValueState } from '../../state/state-descriptor.ts'
import type { KeyGroupWatermark } from '../key-group-watermark.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OutputTag } from '../../common/output-tag.ts'
import { SideOutputs } from '../side-outputs.ts'
import type { LiveWindow } from './key-windows.ts'
import type { UntypedWindowFunction } from './window-definition.ts'
import { maxTimestampOf, type Window } from './window.ts'
import type { WindowContext } from './window-function.ts'

/** What is the same for all firings of an operator. @internal */
export class FiringEnvironment {
  readonly clock: Clock
  readonly time: KeyGroupWatermark
  readonly globalState: States<StateDeclarations>
  readonly sideOutputs: SideOutputs

  /** Declares the state of the function. */
  constructor(
    { state = {} }: Partial<UntypedWindowFunction>,
    context: OperatorContext,
    keyed: { readonly backend: HeapStateBackend; readonly time: KeyGroupWatermark },
  ) {
    this.clock = context.subtask.clock
    this.time = keyed.time
    this.globalState = keyed.backend.statesOf(state)
    this.sideOutputs = new SideOutputs(context)
  }
}

/**
 * What the function of a window sees. One for each firing: a generator that is paused keeps its
 * own, and time stands still for it. In errors it stands for what fired.
 *
 * @internal
 */
export class FiringContext implements WindowContext<Key, StateDeclarations, unknown> {
  readonly key: Key
  readonly window: Window
  readonly #environment: FiringEnvironment
  readonly #windowState: ValueState<unknown> | undefined

  /** `windowState` undefined: the function does not declare it. */
  constructor(
    environment: FiringEnvironment,
    key: Key,
    window: Window,
    windowState: ValueState<unknown> | undefined,
  ) {
    this.key = key
    this.window = window
    this.#environment = environment
    this.#windowState = windowState
  }

  get watermark(): number {
    return this.#environment.time.ofKey
  }

  get globalState(): States<StateDeclarations> {
    return this.#environment.globalState
  }

  get windowState(): ValueState<unknown> {
    if (this.#windowState !== undefined) return this.#windowState
    throw new TypeError('the function of the window uses windowState, which it does not declare')
  }

  get processingTime(): number {
    return this.#environment.clock.now()
  }

  toJSON(): unknown {
    return { window: this.window, key: this.key }
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#environment.sideOutputs.collect(tag, value, maxTimestampOf(this.window))
  }
}

/** What the function keeps for a window. @internal */
export class LiveWindowState implements ValueState<unknown> {
  readonly #live: LiveWindow

  constructor(live: LiveWindow) {
    this.#live = live
  }

  get(): unknown {
    return this.#live.windowState
  }

  set(value: unknown): void {
    this.#live.windowState = value
  }

  clear(): void {
    this.#live.windowState = undefined
  }
}
