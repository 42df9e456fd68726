import { compareIdentities, type KeyIdentity } from '../../state/key.ts'
import type { SlotTable } from '../../state/slot-table.ts'
import type { StateTables } from '../../state/state-tables.ts'
import { HashOrder } from './hash-order.ts'
import type { MergedContents } from './merged-contents.ts'

/**
 * Goes through the keys of a window that is made of slices: by table, hash and key, which is the
 * same order in every run. Slices must not change meanwhile.
 *
 * @internal
 */
export class WindowKeys {
  readonly #tableCount: number
  #slices: readonly StateTables[] = []
  /** Every entry of the table of all slices, by key. */
  readonly #order = new HashOrder()
  /** By the index of the entry; what is behind the last one is of no matter. */
  readonly #slots: number[] = []
  readonly #tables: SlotTable[] = []
  #at = 0
  /** The first place after those of one hash whose keys are in order. */
  #orderedUntil = 0
  #tableIndex = -1
  #identity: KeyIdentity = ''
  #hash = 0
  readonly #contents: MergedContents

  /** `tableCount`: of each slice; `contents` puts together those of slices. */
  constructor(tableCount: number, contents: MergedContents) {
    this.#contents = contents
    this.#tableCount = tableCount
    this.#tableIndex = tableCount
  }

  /** Begins with the first key of these slices, the earliest of which comes first. */
  begin(slices: readonly StateTables[]): void {
    this.#slices = slices
    this.#tableIndex = -1
    this.#order.clear()
    this.#at = 0
  }

  /** Goes on to the next key. @returns false: there is none. */
  next(): boolean {
    while (this.#at === this.#order.count) {
      if (this.#tableIndex >= this.#tableCount - 1) return false
      this.#tableIndex += 1
      this.#gather()
    }
    if (this.#at >= this.#orderedUntil) this.#orderKeys()
    this.#hash = this.#order.hashAt(this.#at)
    this.#identity = this.#keyAt(this.#at)
    this.#contents.clear()
    do {
      this.#contents.add(this.#contentsAt(this.#at))
      this.#at += 1
    } while (this.#at < this.#orderedUntil && this.#keyAt(this.#at) === this.#identity)
    return true
  }

  get identity(): KeyIdentity {
    return this.#identity
  }

  /** The `keyHash` of the key. */
  get hash(): number {
    return this.#hash
  }

  /** What its slices hold for the key, together; for reading only. */
  get contents(): unknown {
    return this.#contents.value
  }

  #gather(): void {
    this.#order.clear()
    for (const slice of this.#slices) {
      const table = slice.find(this.#tableIndex)
      table?.forEachSlot((slot, hash) => {
        this.#slots[this.#order.count] = slot
        this.#tables[this.#order.count] = table
        this.#order.add(hash)
      })
    }
    this.#order.sort()
    this.#at = 0
    this.#orderedUntil = 0
  }

  /** Entries of one hash are of one key, but for the rare case that keys have the same hash. */
  #orderKeys(): void {
    const from = this.#at
    const hash = this.#order.hashAt(from)
    let to = from + 1
    while (to < this.#order.count && this.#order.hashAt(to) === hash) to += 1
    this.#orderedUntil = to
    if (to - from > 1) this.#orderByKey(from, to)
  }

  #orderByKey(from: number, to: number): void {
    const first = this.#keyAt(from)
    let mixed = false
    for (let at = from + 1; at < to; at += 1) mixed ||= this.#keyAt(at) !== first
    if (!mixed) return
    const entries = Array.from({ length: to - from }, (_, offset) => ({
      index: this.#order.indexAt(from + offset),
      key: this.#keyAt(from + offset),
    }))
    entries.sort((one, other) => compareIdentities(one.key, other.key) || one.index - other.index)
    for (const [offset, { index }] of entries.entries()) this.#order.put(from + offset, index)
  }

  #keyAt(place: number): KeyIdentity {
    const index = this.#order.indexAt(place)
    return (this.#tables[index] as SlotTable).keyAt(this.#slots[index] as number) as KeyIdentity
  }

  #contentsAt(place: number): unknown {
    const index = this.#order.indexAt(place)
    return (this.#tables[index] as SlotTable).peek(this.#slots[index] as number)
  }
}
