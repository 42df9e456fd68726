import type { Clock } from '../../common/clock.ts'
import type { Output } from '../../network/output.ts'
import type { Key } from '../../state/key.ts'
import type { StateDeclarations, States, ValueState } from '../../state/state-descriptor.ts'
import type { OutputTag } from '../output-tag.ts'
import type { LiveWindow } from './key-windows.ts'
import { maxTimestampOf, type Window } from './window.ts'
import type { WindowContext } from './window-function.ts'

/** What is the same for all firings of an operator. @internal */
export interface FiringEnvironment {
  readonly clock: Clock
  readonly globalState: States<StateDeclarations>
  sideOutput(tag: string): Output
}

/**
 * What the function of a window sees. One for each firing: a generator that is paused keeps its
 * own.
 *
 * @internal
 */
export class FiringContext implements WindowContext<Key, StateDeclarations, unknown> {
  readonly key: Key
  readonly window: Window
  readonly watermark: number
  readonly globalState: States<StateDeclarations>
  readonly windowState: ValueState<unknown>
  readonly #environment: FiringEnvironment

  constructor(
    environment: FiringEnvironment,
    live: LiveWindow,
    of: { readonly key: Key; readonly watermark: number },
  ) {
    this.#environment = environment
    this.key = of.key
    this.window = { start: live.start, end: live.end }
    this.watermark = of.watermark
    this.globalState = environment.globalState
    this.windowState = new LiveWindowState(live)
  }

  get processingTime(): number {
    return this.#environment.clock.now()
  }

  output<T>({ id }: OutputTag<T>, value: T): void {
    this.#environment.sideOutput(id).collect(value, maxTimestampOf(this.window))
  }
}

/** What the function keeps for a window. */
class LiveWindowState implements ValueState<unknown> {
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
