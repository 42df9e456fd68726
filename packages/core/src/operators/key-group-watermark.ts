import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import { keyGroupOf } from '../state/key.ts'
import { valueState, type ValueState } from '../state/state-descriptor.ts'
import { endOfTime, noWatermark } from '../time/watermark.ts'

const stateName = '~watermark'

/**
 * The watermark of an operator in its checkpoints, without which a record that is late could be in
 * time after a restore. It is kept for each key group, under a key that belongs to it, so that it
 * goes where the key groups go. Runs on the task's thread.
 *
 * @internal
 */
export class KeyGroupWatermark {
  readonly #backend: HeapStateBackend
  readonly #state: ValueState<number>
  #keys: readonly number[] = []
  #stored = noWatermark
  #current = noWatermark

  /** Declares the state. */
  constructor(backend: HeapStateBackend) {
    this.#backend = backend
    this.#state = backend.state(stateName, valueState<number>())
  }

  /** How far event time is; `noWatermark` before it begins. */
  get current(): number {
    return this.#current
  }

  /**
   * Takes a watermark of the inputs. After a restore they come again to where they were at the
   * checkpoint. @returns whether time advances by it.
   */
  advanceTo(watermark: number): boolean {
    if (watermark <= this.#current) return false
    this.#current = watermark
    return true
  }

  /** Goes on from what every key group had reached at the checkpoint, if there is one. */
  restore(): void {
    const watermarks: number[] = []
    this.#backend.forEach(stateName, (_key, _hash, stored) => {
      watermarks.push(stored as number)
    })
    const { first, last } = this.#backend.range
    if (watermarks.length <= last - first) return
    this.#stored = watermarks.reduce((least, watermark) => Math.min(least, watermark), endOfTime)
    this.#current = this.#stored
  }

  /** Puts it into the state; before a snapshot. Changes the current key. */
  store(): void {
    const watermark = this.#current
    // After the last record there is none that could be late.
    if (watermark === this.#stored || watermark === endOfTime) return
    if (this.#keys.length === 0) this.#keys = keysOfGroups(this.#backend)
    this.#stored = watermark
    for (const key of this.#keys) {
      this.#backend.setCurrentKey(key)
      this.#state.set(watermark)
    }
  }
}

/** For each key group of the range the first whole number that is a key of it. */
function keysOfGroups({ range, maxParallelism, operatorId }: HeapStateBackend): readonly number[] {
  const keys = new Map<number, number>()
  const count = range.last - range.first + 1
  for (let key = 0; keys.size < count; key += 1) {
    const group = keyGroupOf(key, maxParallelism, operatorId)
    if (group >= range.first && group <= range.last && !keys.has(group)) keys.set(group, key)
  }
  return [...keys.values()]
}
