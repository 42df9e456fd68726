import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import { type ValueState, valueState } from '../state/state-descriptor.ts'
import { TimerHeap } from '../time/timer-heap.ts'

/** What is stored for a key: its only timer, or several in ascending order. */
type StoredTimers = number | number[]

/**
 * The timers of one time domain, for the keys of an operator: a key has at most one for a
 * timestamp. They are keyed state like any other, so they are in checkpoints and go with their key
 * groups. Runs on the task's thread.
 *
 * @internal
 */
export class KeyedTimers {
  readonly #backend: HeapStateBackend
  readonly #stateName: string
  readonly #state: ValueState<StoredTimers>
  readonly #heap = new TimerHeap()

  /** `stateName`: where the timers are kept; declared here. */
  constructor(backend: HeapStateBackend, stateName: string) {
    this.#backend = backend
    this.#stateName = stateName
    this.#state = backend.state(stateName, valueState<StoredTimers>())
  }

  /** The earliest time at which there may be a timer; `Infinity`: there is none. */
  get next(): number {
    return this.#heap.next
  }

  /** Finds the timers that were restored. */
  restored(): void {
    this.#heap.clear()
    this.#backend.forEach(this.#stateName, (key, hash, stored) => {
      for (const timestamp of listOf(stored as StoredTimers)) {
        this.#heap.add(timestamp, hash, key)
      }
    })
  }

  /** Registers a timer of the current key, unless it has one for that time. */
  register(timestamp: number): void {
    const stored = this.#state.get()
    if (stored === undefined) this.#state.set(timestamp)
    else if (!insert(this.#state, stored, timestamp)) return
    this.#heap.add(timestamp, this.#backend.currentHash, this.#backend.currentIdentity)
  }

  /** Deletes a timer of the current key; nothing happens if there is none. */
  delete(timestamp: number): void {
    this.#take(timestamp)
  }

  /** Deletes all timers of the current key. */
  deleteAll(): void {
    this.#state.clear()
  }

  /**
   * Takes the earliest timer up to `until` (inclusive) and makes its key the current one.
   * @returns its time; `undefined`: none is due.
   */
  takeDue(until: number): number | undefined {
    const heap = this.#heap
    while (heap.next <= until && heap.size > 0) {
      const timestamp = heap.next
      this.#backend.setCurrentIdentity(heap.nextKey, heap.nextHash)
      heap.removeNext()
      if (this.#take(timestamp)) return timestamp
    }
    return undefined
  }

  /** Whether the current key had that timer, which it has no longer. */
  #take(timestamp: number): boolean {
    const stored = this.#state.get()
    if (typeof stored === 'number') {
      if (stored === timestamp) this.#state.clear()
      return stored === timestamp
    }
    const index = stored?.indexOf(timestamp) ?? -1
    if (stored === undefined || index < 0) return false
    stored.splice(index, 1)
    if (stored.length === 0) this.#state.clear()
    return true
  }
}

/** Whether the timer is new. */
function insert(state: ValueState<StoredTimers>, stored: StoredTimers, timestamp: number): boolean {
  if (typeof stored === 'number') {
    if (stored === timestamp) return false
    state.set(stored < timestamp ? [stored, timestamp] : [timestamp, stored])
    return true
  }
  let at = stored.length
  while (at > 0 && (stored[at - 1] as number) > timestamp) at -= 1
  if (at > 0 && stored[at - 1] === timestamp) return false
  stored.splice(at, 0, timestamp)
  return true
}

function listOf(stored: StoredTimers): readonly number[] {
  return typeof stored === 'number' ? [stored] : stored
}
