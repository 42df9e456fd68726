import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import { type ValueState, valueState } from '../state/state-descriptor.ts'
import { TimerHeap } from '../time/timer-heap.ts'

/**
 * What is stored for a key: its only timer, a few of them, or many. They have no order: that in
 * which they fire is the order of the heap.
 */
type StoredTimers = number | number[] | Set<number>

/** How many are looked at one by one. */
const fewMax = 8

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
      if (typeof stored === 'number') this.#heap.add(stored, hash, key)
      else for (const timestamp of stored as Iterable<number>) this.#heap.add(timestamp, hash, key)
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
    if (stored === undefined) return false
    if (typeof stored === 'number') {
      if (stored === timestamp) this.#state.clear()
      return stored === timestamp
    }
    const taken = stored instanceof Set ? stored.delete(timestamp) : remove(stored, timestamp)
    const left = stored instanceof Set ? stored.size : stored.length
    if (left === 0) this.#state.clear()
    return taken
  }
}

/** Whether the timer is new. */
function insert(state: ValueState<StoredTimers>, stored: StoredTimers, timestamp: number): boolean {
  if (typeof stored === 'number') {
    if (stored === timestamp) return false
    state.set([stored, timestamp])
    return true
  }
  if (stored instanceof Set ? stored.has(timestamp) : stored.includes(timestamp)) return false
  if (stored instanceof Set) stored.add(timestamp)
  else if (stored.length < fewMax) stored.push(timestamp)
  else state.set(new Set([...stored, timestamp]))
  return true
}

/** Whether it was there. */
function remove(stored: number[], timestamp: number): boolean {
  const index = stored.indexOf(timestamp)
  if (index >= 0) stored.splice(index, 1)
  return index >= 0
}

/** The time of a timer that a function asks for. @throws RangeError if it is no time. @internal */
export function checkedTimer(timestamp: number): number {
  if (Number.isNaN(timestamp)) throw new RangeError('a timer at NaN would never fire')
  return timestamp
}
