import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import { inRange, keyGroupOf, keyGroupOfHash } from '../state/key.ts'
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
  /** What each key group had reached at the checkpoint, while one may be further than another. */
  #restored: Float64Array | undefined
  /** The furthest of them. */
  #furthest = noWatermark

  /** Declares the state. */
  constructor(backend: HeapStateBackend) {
    this.#backend = backend
    this.#state = backend.groupState(stateName, valueState<number>())
  }

  /** How far event time is; `noWatermark` before it begins. */
  get current(): number {
    return this.#current
  }

  /** Whether a key group is further than `current`: it came from a subtask that was. */
  get isUneven(): boolean {
    return this.#current < this.#furthest
  }

  /** How far event time is for the current key, which may be further than `current`. */
  get ofKey(): number {
    if (!this.isUneven) return this.#current
    return Math.max(this.#current, this.restoredOf(this.#backend.currentGroup))
  }

  /**
   * What a key group had reached at the checkpoint, until `current` has left all of them behind;
   * `index` in the range of the subtask.
   */
  restoredOf(index: number): number {
    return this.#restored?.[index] ?? noWatermark
  }

  /**
   * Takes a watermark of the inputs. After a restore they come again to where they were at the
   * checkpoint. @returns whether time advances by it.
   */
  advanceTo(watermark: number): boolean {
    if (watermark <= this.#current) return false
    if (!this.isUneven) this.#restored = undefined
    this.#current = watermark
    return true
  }

  /** Goes on from what every key group had reached at the checkpoint, if there is one. */
  restore(): void {
    const { first, last } = this.#backend.range
    const restored = new Float64Array(last - first + 1).fill(noWatermark)
    this.#backend.forEach(stateName, (_key, hash, stored) => {
      restored[keyGroupOfHash(hash, this.#backend.maxParallelism) - first] = stored as number
    })
    this.#restored = restored
    this.#furthest = restored.reduce((most, watermark) => Math.max(most, watermark), noWatermark)
    this.#stored = restored.reduce((least, watermark) => Math.min(least, watermark), endOfTime)
    this.#current = this.#stored
  }

  /** Puts it into the state; before a snapshot. Changes the current key. */
  store(): void {
    const watermark = this.#current
    // After the last record there is none that could be late.
    if (watermark === this.#stored || watermark === endOfTime) return
    if (this.#keys.length === 0) this.#keys = keysOfGroups(this.#backend)
    this.#stored = watermark
    for (const [index, key] of this.#keys.entries()) {
      this.#backend.setCurrentKey(key)
      this.#state.set(Math.max(watermark, this.restoredOf(index)))
    }
  }
}

/** For each key group of the range the first whole number that is a key of it. */
function keysOfGroups({ range, maxParallelism, operatorId }: HeapStateBackend): readonly number[] {
  const keys = Array.from<number | undefined>({ length: range.last - range.first + 1 })
  let missing = keys.length
  for (let key = 0; missing > 0; key += 1) {
    const group = keyGroupOf(key, maxParallelism, operatorId)
    if (!inRange(group, range) || keys[group - range.first] !== undefined) continue
    keys[group - range.first] = key
    missing -= 1
  }
  return keys as number[]
}
