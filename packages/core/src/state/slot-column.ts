/**
 * What a table keeps for every slot, side by side. As long as that is numbers they lie in a typed
 * array, of which the garbage collector sees nothing; any other value moves all of them, for good,
 * to an array of values. A reader cannot tell, but by the time it takes.
 *
 *   int32 ──any other number, also -0──▶ float64 ──what is no number──▶ any value
 *     └─────────────────────what is no number──────────────────────────────▲
 *
 * Whoever owns the column knows which slots are in use: in the others it holds anything. Runs on
 * the task's thread.
 *
 * @internal
 */
export class SlotColumn {
  /** Where the values are: one of the three. */
  #int32s: Int32Array | undefined = noInt32s
  #float64s: Float64Array | undefined = undefined
  #values: unknown[] | undefined = undefined

  /** What is in a slot that was set. */
  get(slot: number): unknown {
    const int32s = this.#int32s
    if (int32s !== undefined) return int32s[slot]
    const values = this.#values
    return values === undefined ? this.#float64s?.[slot] : values[slot]
  }

  /** `slot`: below the capacity, and not beyond those in use and the one after them. */
  set(slot: number, value: unknown): void {
    if (this.#int32s !== undefined && isInt32(value)) this.#int32s[slot] = value
    else this.#setAny(slot, value)
  }

  /** Lets go of what is in a slot. */
  clear(slot: number): void {
    if (this.#values !== undefined) this.#values[slot] = undefined
  }

  /** Lets go of what is in all slots. */
  clearAll(): void {
    if (this.#values !== undefined) this.#values = []
  }

  /** All values, if they are numbers; beyond those that were set lies anything. */
  get numbers(): Int32Array | Float64Array | undefined {
    return this.#int32s ?? this.#float64s
  }

  /** Makes room for the slots below `capacity`, which is not less than before. */
  resize(capacity: number): void {
    if (this.#int32s !== undefined) this.#int32s = copied(this.#int32s, new Int32Array(capacity))
    if (this.#float64s !== undefined) {
      this.#float64s = copied(this.#float64s, new Float64Array(capacity))
    }
  }

  #setAny(slot: number, value: unknown): void {
    if (this.#int32s !== undefined) this.#leaveInt32s(value)
    if (this.#float64s !== undefined) {
      if (typeof value === 'number') {
        this.#float64s[slot] = value
        return
      }
      this.#leaveFloat64s()
    }
    if (this.#values !== undefined) this.#values[slot] = value
  }

  #leaveInt32s(value: unknown): void {
    const int32s = this.#int32s ?? noInt32s
    this.#int32s = undefined
    if (typeof value === 'number') this.#float64s = new Float64Array(int32s)
    else this.#values = listOf(int32s)
  }

  #leaveFloat64s(): void {
    this.#values = listOf(this.#float64s ?? noInt32s)
    this.#float64s = undefined
  }
}

/** Whether it is an integer of 32 bits; -0 is none. @internal */
export function isInt32(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value && !Object.is(value, -0)
}

const noInt32s: Int32Array = new Int32Array(0)

/** By a loop: the iterators of typed arrays are slow. */
function listOf(numbers: Int32Array | Float64Array): unknown[] {
  const list: unknown[] = []
  for (let i = 0; i < numbers.length; i += 1) list.push(numbers[i])
  return list
}

/** `to`, which begins with all that is in `from`. @internal */
export function copied<T extends Int32Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
