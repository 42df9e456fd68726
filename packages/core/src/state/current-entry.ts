import { keyMissing } from './key-missing.ts'
import type { KeyIdentity } from './key.ts'
import type { SlotTable } from './slot-table.ts'
import type { StateTables } from './state-tables.ts'

/** The key for which state is read and written. One for a backend. @internal */
export class CurrentKey {
  #identity: KeyIdentity = ''
  #hash = 0
  #tableIndex = -1
  #version = 0

  get identity(): KeyIdentity {
    return this.#identity
  }

  /** The `keyHash` of the key. */
  get hash(): number {
    return this.#hash
  }

  /** Index of the key group in the range of the backend; -1 while there is no current key. */
  get tableIndex(): number {
    return this.#tableIndex
  }

  /** Changes with every key. */
  get version(): number {
    return this.#version
  }

  set(identity: KeyIdentity, hash: number, tableIndex: number): void {
    this.#identity = identity
    this.#hash = hash
    this.#tableIndex = tableIndex
    this.#version += 1
  }

  clear(): void {
    this.set('', 0, -1)
  }

  /** Has what is known of the entries of the key looked up anew: they may have moved. */
  forgetEntries(): void {
    this.#version += 1
  }
}

/** One thing that a state holds for the current key. @internal */
export interface SingleEntry {
  /** What is stored, to be read or changed; `undefined` if there is none. */
  touch(): unknown
  write(stored: unknown): void
  remove(): void
}

/**
 * What one state holds for the current key. It remembers the slot, so that reading and then
 * writing the state of a key is one look-up.
 *
 * @internal
 */
export class CurrentEntry implements SingleEntry {
  readonly #current: CurrentKey
  readonly #tables: StateTables
  #version = -1
  #table: SlotTable | undefined = undefined
  #slot = -1

  constructor(current: CurrentKey, tables: StateTables) {
    this.#current = current
    this.#tables = tables
  }

  /** What is stored, to be read or changed; `undefined` if there is no entry. */
  touch(): unknown {
    if (this.#version !== this.#current.version) this.#locate()
    return this.#slot < 0 ? undefined : this.#table?.touch(this.#slot)
  }

  write(stored: unknown): void {
    if (this.#version !== this.#current.version) this.#locate()
    if (this.#slot < 0) this.#insert(stored)
    else this.#table?.replace(this.#slot, stored)
  }

  remove(): void {
    if (this.#version !== this.#current.version) this.#locate()
    if (this.#slot < 0) return
    this.#table?.remove(this.#current.hash, this.#slot)
    this.#slot = -1
  }

  #locate(): void {
    const { identity, hash, tableIndex, version } = this.#current
    if (tableIndex < 0) throw keyMissing('keyed state')
    this.#table = this.#tables.find(tableIndex)
    this.#slot = this.#table === undefined ? -1 : this.#table.find(hash, identity)
    this.#version = version
  }

  #insert(stored: unknown): void {
    this.#table ??= this.#tables.findOrCreate(this.#current.tableIndex)
    this.#slot = this.#table.insert(this.#current.hash, this.#current.identity, stored)
  }
}
