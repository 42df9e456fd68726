import type { HeapStateBackend } from '../../state/heap-state-backend.ts'
import { valueState, type ValueState } from '../../state/state-descriptor.ts'
import { TimerHeap } from '../../time/timer-heap.ts'
import type { TimeDomain } from '../keyed-process-function.ts'
import { compareWindows, isSameWindow, type Window } from './window.ts'

/** A window of a key, with all that belongs to it. @internal */
export interface LiveWindow extends Window {
  /** `undefined`: it has no records, or they were purged. */
  contents: unknown
  /** What the trigger remembers. */
  triggerState: unknown
  /** What the function keeps for the window. */
  windowState: unknown
  /** When its timers fire, in ascending order. */
  readonly timers: Readonly<Record<TimeDomain, number[]>>
}

/** What is live for a key: one value of keyed state, so that merging is a change of that value. */
interface KeyWindows {
  /** By end, then by start. */
  readonly windows: LiveWindow[]
  /** When the key is next looked at, at the latest when a timer is due: its entry in the heap. */
  readonly hints: Record<TimeDomain, number | undefined>
}

const stateName = '~windows'

/**
 * The windows of the current key, and which of all keys have something due. Runs on the task's
 * thread.
 *
 * @internal
 */
export class KeyedWindows {
  readonly #backend: HeapStateBackend
  readonly #state: ValueState<KeyWindows>
  readonly #heaps = { 'event-time': new TimerHeap(), 'processing-time': new TimerHeap() }

  constructor(backend: HeapStateBackend) {
    this.#backend = backend
    this.#state = backend.state(stateName, valueState<KeyWindows>())
  }

  /** Finds what was restored. */
  restored(): void {
    this.#backend.forEach(stateName, (key, hash, stored) => {
      for (const domain of timeDomains) {
        const hint = (stored as KeyWindows).hints[domain]
        if (hint !== undefined) this.#heaps[domain].add(hint, hash, key)
      }
    })
  }

  /** The windows of the current key, by end and then start; not to be changed. */
  list(): readonly LiveWindow[] {
    return this.#state.get()?.windows ?? []
  }

  find(window: Window): LiveWindow | undefined {
    return this.#state.get()?.windows.find((live) => isSameWindow(live, window))
  }

  /** Adds a window that the key does not have. */
  add({ start, end }: Window): LiveWindow {
    const live: LiveWindow = {
      start,
      end,
      contents: undefined,
      triggerState: undefined,
      windowState: undefined,
      timers: { 'event-time': [], 'processing-time': [] },
    }
    const { windows } = this.#ofKey()
    let at = windows.length
    while (at > 0 && compareWindows(windows[at - 1] as LiveWindow, live) > 0) at -= 1
    windows.splice(at, 0, live)
    return live
  }

  /** Removes a window with its timers. */
  remove(live: LiveWindow): void {
    const windows = this.#state.get()?.windows ?? []
    const at = windows.indexOf(live)
    if (at >= 0) windows.splice(at, 1)
    if (windows.length === 0) this.#state.clear()
  }

  register(live: LiveWindow, domain: TimeDomain, timestamp: number): void {
    const timers = live.timers[domain]
    let at = timers.length
    while (at > 0 && (timers[at - 1] as number) > timestamp) at -= 1
    if (at > 0 && timers[at - 1] === timestamp) return
    timers.splice(at, 0, timestamp)
    const { hints } = this.#ofKey()
    const hint = hints[domain]
    if (hint === undefined || timestamp < hint) this.#hint(hints, domain, timestamp)
  }

  delete(live: LiveWindow, domain: TimeDomain, timestamp: number): void {
    const timers = live.timers[domain]
    const at = timers.indexOf(timestamp)
    if (at >= 0) timers.splice(at, 1)
  }

  /** When a timer may be due; `Infinity`: there is none, or one at the end of time. */
  next(domain: TimeDomain): number {
    return this.#heaps[domain].next
  }

  /**
   * The window with the earliest timer up to `until` (inclusive), and makes its key the current
   * one. The timer is the first of the window; take it with `delete`.
   */
  due(domain: TimeDomain, until: number): LiveWindow | undefined {
    const heap = this.#heaps[domain]
    while (heap.size > 0 && heap.next <= until) {
      const at = heap.next
      this.#backend.setCurrentIdentity(heap.nextKey, heap.nextHash)
      const key = this.#state.get()
      const live = key?.hints[domain] === at ? earliest(key.windows, domain) : undefined
      if (live?.timers[domain][0] === at) return live
      heap.removeNext()
      if (key?.hints[domain] === at) this.#hint(key.hints, domain, live?.timers[domain][0])
    }
    return undefined
  }

  #hint(hints: KeyWindows['hints'], domain: TimeDomain, at: number | undefined): void {
    hints[domain] = at
    if (at === undefined) return
    this.#heaps[domain].add(at, this.#backend.currentHash, this.#backend.currentIdentity)
  }

  #ofKey(): KeyWindows {
    const found = this.#state.get()
    if (found !== undefined) return found
    const created: KeyWindows = {
      windows: [],
      hints: { 'event-time': undefined, 'processing-time': undefined },
    }
    this.#state.set(created)
    return created
  }
}

const timeDomains = ['event-time', 'processing-time'] as const

/** The window with the earliest timer, the first of several; `undefined`: none has a timer. */
function earliest(windows: readonly LiveWindow[], domain: TimeDomain): LiveWindow | undefined {
  let best: LiveWindow | undefined
  for (const live of windows) {
    const at = live.timers[domain][0]
    const bestAt = best?.timers[domain][0]
    if (at !== undefined && (bestAt === undefined || at < bestAt)) best = live
  }
  return best
}
