import type { FlowControl } from '../../network/flow-control.ts'
import type { Output } from '../../network/output.ts'
import type { CheckpointBarrier } from '../../network/stream-element.ts'
import type { Key } from '../../state/key.ts'
import { noWatermark } from '../../time/watermark.ts'
import { emitAll, type EmittingOperator } from '../emission.ts'
import { KeyGroupWatermark } from '../key-group-watermark.ts'
import type { KeyedOperatorState } from '../keyed-operator-state.ts'
import type { TimeDomain } from '../keyed-process-function.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { Operator, OperatorSnapshot } from '../operator.ts'
import { ProcessingTimers } from '../processing-timers.ts'
import { advanceTime } from '../time-advance.ts'
import { userFunctionFailed } from '../user-function.ts'
import { FiringContext, FiringEnvironment, LiveWindowState } from './firing-context.ts'
import { KeyedWindows, type LiveWindow } from './key-windows.ts'
import { LateRecords } from './late-records.ts'
import { addMerging, type WindowMerger } from './merge-windows.ts'
import type { TriggerResult } from './trigger.ts'
import { TriggerRuntime } from './trigger-runtime.ts'
import { noResult } from './window-contents.ts'
import type { WindowDefinition } from './window-definition.ts'
import { boundsOf, maxTimestampOf, type Window } from './window.ts'

/**
 * Windows of any assigner, trigger and evictor (Flink: WindowOperator). The windows of a key are
 * one value of its state; timers of several windows at one time fire by key, and then by the end of
 * the window. Runs on the task's thread.
 *
 * @internal
 */
export class WindowOperator implements Operator, EmittingOperator {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  readonly #definition: WindowDefinition
  readonly #context: OperatorContext
  readonly #keyed: KeyedOperatorState
  readonly #environment: FiringEnvironment
  readonly #windows: KeyedWindows
  readonly #time: KeyGroupWatermark
  readonly #trigger: TriggerRuntime
  readonly #merger: WindowMerger | undefined
  readonly #processing: ProcessingTimers
  readonly #late: LateRecords
  /** The window whose time is over, while what it fired is still being emitted. */
  #ending: LiveWindow | undefined

  constructor(definition: WindowDefinition, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#definition = definition
    this.#context = context
    this.#keyed = context.createKeyedState()
    const { backend } = this.#keyed
    this.#windows = new KeyedWindows(backend)
    this.#time = new KeyGroupWatermark(backend)
    this.#environment = new FiringEnvironment(definition.function, context, {
      backend,
      time: this.#time,
    })
    const windows = this.#windows
    const due = {
      get next(): number {
        return windows.next('processing-time')
      },
    }
    this.#processing = new ProcessingTimers(due, context, () => {
      this.#fireDue('processing-time', context.subtask.clock.now(), () => {})
    })
    this.#trigger = new TriggerRuntime(definition.trigger, windows, {
      clock: context.subtask.clock,
      time: this.#time,
      processing: this.#processing,
    })
    this.#merger = this.#createMerger()
    this.#late = new LateRecords(definition, context)
  }

  async open(): Promise<void> {
    await this.#keyed.restore()
    this.#windows.restored()
    this.#time.restore()
    this.#processing.arm()
  }

  collect(value: unknown, timestamp: number): void {
    const { assigner, selectKey } = this.#definition
    let windows: readonly Window[]
    try {
      this.#keyed.backend.setKeyOfRecord(selectKey(value) as Key)
      windows = assigner.assign(value, timestamp, this.#trigger)
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    this.#addToAll({ value, timestamp, windows, at: 0, taken: false })
  }

  emitWatermark(watermark: number): void {
    const until = this.#time.advanceTo(watermark) ? watermark : noWatermark
    this.#fireDue('event-time', until, () => this.output.emitWatermark(watermark))
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

  captureContext(): () => void {
    const { backend } = this.#keyed
    const { currentIdentity, currentHash } = backend
    return () => backend.setCurrentIdentity(currentIdentity, currentHash)
  }

  /** Pauses between windows: each of them may fire. */
  #addToAll(element: AssignedElement): void {
    const { windows } = element
    for (; element.at < windows.length; element.at += 1) {
      if (element.at > 0 && this.flow.halted) {
        this.#pauseAssigning(element)
        return
      }
      const added = this.#addTo(windows[element.at] as Window, element)
      element.taken ||= added
    }
    if (element.taken) return
    this.#late.take(element.value, element.timestamp, this.#time.ofKey)
  }

  #pauseAssigning(element: AssignedElement): void {
    const restoreContext = this.captureContext()
    this.flow.suspend({
      resume: () => {
        restoreContext()
        this.#addToAll(element)
      },
    })
  }

  /** Whether the window still takes records. */
  #addTo(window: Window, element: AssignedElement): boolean {
    const { value, timestamp } = element
    let live: LiveWindow | undefined
    let result: TriggerResult
    let fired: unknown
    try {
      live = this.#liveOf(window)
      if (live === undefined) return false
      live.contents = this.#definition.contents.add(live.contents, value, timestamp)
      result = this.#trigger.onElement(live, value, timestamp)
      fired = this.#apply(live, result)
      this.#registerCleanup(live)
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    this.#removeIfBlank(live)
    if (fired !== noResult) this.#emit(live, fired)
    return true
  }

  /** The window of that key; `undefined`: it is late. */
  #liveOf(window: Window): LiveWindow | undefined {
    if (this.#merger !== undefined) return addMerging(this.#windows, this.#merger, window)
    if (this.#isLate(window)) return undefined
    return this.#windows.find(window) ?? this.#windows.add(window)
  }

  #fireDue(domain: TimeDomain, until: number, done: () => void): void {
    advanceTime(this.flow, { next: () => this.#fireNext(domain, until), done })
  }

  #fireNext(domain: TimeDomain, until: number): boolean {
    const ended = this.#ending
    if (ended !== undefined) {
      this.#end(ended)
      return true
    }
    const live = this.#windows.due(domain, until)
    if (live === undefined) return false
    const timestamp = live.timers[domain][0] as number
    this.#windows.delete(live, domain, timestamp)
    let fired: unknown
    try {
      fired = this.#apply(live, this.#trigger.onTime(live, domain, timestamp))
    } catch (cause) {
      throw this.#failed(live, cause)
    }
    // It ends with the next piece of work: only after all that it fired has been emitted.
    if (this.#isCleanup(live, domain, timestamp)) this.#ending = live
    else this.#removeIfBlank(live)
    if (fired !== noResult) this.#emit(live, fired)
    return true
  }

  /** What the function gets if the window fires. */
  #apply(live: LiveWindow, result: TriggerResult): unknown {
    const { contents } = live
    const fires = result === 'fire' || result === 'fire-and-purge'
    const fired =
      fires && contents !== undefined
        ? this.#definition.contents.result(contents, boundsOf(live))
        : noResult
    if (result === 'purge' || result === 'fire-and-purge') live.contents = undefined
    return fired
  }

  #emit(live: LiveWindow, fired: unknown): void {
    const timestamp = maxTimestampOf(live)
    const { function: windowFunction } = this.#definition
    if (windowFunction.process === undefined) {
      this.output.collect(fired, timestamp)
      return
    }
    let values: Iterable<unknown> | undefined
    try {
      values = windowFunction.process(this.#contextOf(live), fired) ?? undefined
    } catch (cause) {
      throw this.#failed(live, cause)
    }
    if (values !== undefined) emitAll(this, values, this.#named(live), timestamp)
  }

  #end(live: LiveWindow): void {
    this.#ending = undefined
    const { function: windowFunction } = this.#definition
    try {
      this.#trigger.clear(live)
      windowFunction.clear?.(this.#contextOf(live))
    } catch (cause) {
      throw this.#failed(live, cause)
    }
    this.#windows.remove(live)
  }

  #contextOf(live: LiveWindow): FiringContext {
    const { windowState } = this.#definition.function
    const key = this.#keyed.backend.currentKey as Key
    const state = windowState === undefined ? undefined : new LiveWindowState(live)
    return new FiringContext(this.#environment, key, boundsOf(live), state)
  }

  #createMerger(): WindowMerger | undefined {
    const { assigner, contents } = this.#definition
    const { name } = assigner
    if (assigner.mergeWindows === undefined) return undefined
    return {
      name,
      mergeWindows: (windows) => assigner.mergeWindows?.(windows) ?? [],
      isLate: (window) => this.#isLate(window),
      isOver: (window) =>
        assigner.isEventTime
          ? this.#isLate(window)
          : maxTimestampOf(window) <= this.#context.subtask.clock.now(),
      merge: (target, merged) => {
        this.#trigger.onMerge(target, merged)
        for (const { contents: other } of merged) {
          if (other === undefined) continue
          const { contents: into } = target
          target.contents = into === undefined ? other : contents.merge(into, other)
        }
        this.#registerCleanup(target)
      },
    }
  }

  #isLate(window: Window): boolean {
    const { isEventTime } = this.#definition.assigner
    return isEventTime && this.#cleanupTime(window) <= this.#time.ofKey
  }

  /** When the window ends; `Infinity`: never. */
  #cleanupTime(window: Window): number {
    const { assigner, latenessMs } = this.#definition
    const at = maxTimestampOf(window) + (assigner.isEventTime ? latenessMs : 0)
    return at > Number.MAX_SAFE_INTEGER ? Infinity : at
  }

  #registerCleanup(live: LiveWindow): void {
    const at = this.#cleanupTime(live)
    if (at === Infinity) return
    if (this.#definition.assigner.isEventTime) this.#windows.register(live, 'event-time', at)
    else this.#trigger.registerProcessingTime(live, at)
  }

  #isCleanup(live: LiveWindow, domain: TimeDomain, timestamp: number): boolean {
    const own = this.#definition.assigner.isEventTime ? 'event-time' : 'processing-time'
    return domain === own && timestamp === this.#cleanupTime(live) && timestamp !== Infinity
  }

  /** A window that never ends and remembers nothing is as good as none. */
  #removeIfBlank(live: LiveWindow): void {
    if (live.contents !== undefined || live.triggerState !== undefined) return
    if (this.#merger !== undefined || this.#definition.function.windowState !== undefined) return
    const timers = live.timers
    if (timers['event-time'].length > 0 || timers['processing-time'].length > 0) return
    this.#windows.remove(live)
  }

  #named(live: LiveWindow): unknown {
    return { window: boundsOf(live), key: this.#keyed.backend.currentKey }
  }

  #failed(live: LiveWindow, cause: unknown): Error {
    return userFunctionFailed(this.operatorId, this.#named(live), cause)
  }
}

/** A record on its way into its windows. */
interface AssignedElement {
  readonly value: unknown
  readonly timestamp: number
  readonly windows: readonly Window[]
  /** The next window. */
  at: number
  /** Whether a window took it. */
  taken: boolean
}
