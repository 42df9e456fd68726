import type { KeyIdentity } from '../../state/key.ts'
import { hashRange } from '../../state/slot-index.ts'
import type { StateTables } from '../../state/state-tables.ts'
import type { MergedContents } from './merged-contents.ts'
import { OrderedEntries } from './ordered-entries.ts'

/**
 * Goes through the keys of windows that are made of slices, one window after the other: by hash and
 * key, which is the same order in every run. If there are many it takes a range of hashes after the
 * other, so that it begins at once, however many they are.
 *
 * @internal
 */
export class WindowKeys {
  /** Those of the window, the earliest first. */
  #slices: readonly StateTables[] = []
  /** Of each of them whose entries were gathered, the index of the first entry. */
  #firstEntries: readonly number[] = []
  /** There are 2 to the power of it ranges of hashes. */
  #rangeBits = 0
  /** The next range. */
  #rangeIndex = 1
  /** Those of a range, of all slices. */
  readonly #entries = new OrderedEntries()
  #at = 0
  #identity: KeyIdentity = ''
  #hash = 0
  readonly #contents: MergedContents

  /** `contents` puts together those of slices. */
  constructor(contents: MergedContents) {
    this.#contents = contents
  }

  /** Forgets what it knows of slices, which may have changed: there is no window any more. */
  reset(): void {
    this.#slices = []
    this.#firstEntries = []
    this.#entries.clear()
    this.#at = 0
    this.#rangeBits = 0
    this.#rangeIndex = 1
  }

  /**
   * Begins with the first key of these slices, the earliest of which comes first. Until `reset`,
   * slices do not change, and no window begins or ends before the one that was gone through last.
   */
  begin(slices: readonly StateTables[]): void {
    const entryCount = slices.reduce((sum, tables) => sum + tables.entryCount, 0)
    const rangeBits = Math.max(0, Math.ceil(Math.log2(entryCount / rangeEntries)))
    const [first] = slices
    const gone = first === undefined ? -1 : this.#slices.indexOf(first)
    const isKept = rangeBits === 0 && this.#rangeBits === 0 && this.#entries.nextIndex < entriesMax
    if (gone >= 0 && isKept) this.#firstEntries = this.#firstEntries.slice(gone)
    else this.reset()
    this.#slices = slices
    this.#rangeBits = rangeBits
    this.#rangeIndex = 0
    this.#gather()
  }

  /** Goes on to the next key. @returns false: there is none. */
  next(): boolean {
    const entries = this.#entries
    while (this.#at === entries.count) if (!this.#gather()) return false
    const hash = entries.hashAt(this.#at)
    const identity = entries.keyAt(this.#at)
    this.#hash = hash
    this.#identity = identity
    this.#contents.clear()
    do {
      this.#contents.add(entries.contentsAt(this.#at))
      this.#at += 1
    } while (entries.has(this.#at, hash, identity))
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

  /** Puts the entries of the next range in order. @returns false: there is none. */
  #gather(): boolean {
    if (this.#rangeIndex === 2 ** this.#rangeBits) return false
    const entries = this.#entries
    // With one range, the entries of slices that were in the window before are there already.
    if (this.#rangeIndex > 0) {
      this.#firstEntries = []
      entries.clear()
    }
    const firstEntries = [...this.#firstEntries]
    const range = hashRange(this.#rangeIndex, this.#rangeBits)
    for (const tables of this.#slices.slice(firstEntries.length)) {
      firstEntries.push(entries.nextIndex)
      tables.forEachOf(range, (hash, key, stored) => entries.add(hash, key, stored))
    }
    entries.order(firstEntries[0] ?? 0)
    this.#firstEntries = firstEntries
    this.#at = 0
    this.#rangeIndex += 1
    return true
  }
}

/** About so many entries are in a range: they fit in the caches of the processor. */
const rangeEntries = 4096
/** Of those that are kept from window to window, also when they are gone. */
const entriesMax = 4 * rangeEntries
