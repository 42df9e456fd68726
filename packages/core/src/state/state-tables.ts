import { assert } from '../common/assert.ts'
import type { KeyIdentity } from './key.ts'
import type { HashRange } from './slot-index.ts'
import { type EntryVisitor, SlotTable } from './slot-table.ts'

/** The tables of one state in one namespace. @internal */
export class StateTables {
  readonly #tables: (SlotTable | undefined)[]
  readonly #sizeExpected: number

  /**
   * `count`: one for each key group of the subtask, or a power of two, which share them; each is
   * made with room for `sizeExpected` entries.
   */
  constructor(count: number, sizeExpected = 0) {
    this.#tables = Array.from({ length: count })
    this.#sizeExpected = sizeExpected
  }

  /** The number of tables, made or not. */
  get count(): number {
    return this.#tables.length
  }

  get entryCount(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.size ?? 0), 0)
  }

  /** The keys that have an entry; nothing may change meanwhile. */
  *keys(): Iterable<KeyIdentity> {
    for (const table of this.#tables) {
      for (let slot = 0; slot < (table?.slotCount ?? 0); slot += 1) {
        const key = table?.keyAt(slot)
        if (key !== undefined) yield key
      }
    }
  }

  /** Calls `visit` for the entries whose `keyHash` is in the range, in no order. */
  forEachOf(range: HashRange, visit: EntryVisitor): void {
    for (const table of this.#tables) table?.forEachOf(range, visit)
  }

  /** The table at an index below `count`, if it is made. */
  at(index: number): SlotTable | undefined {
    return this.#tables[index]
  }

  /** The table for the keys of a key group, by its index in the range of the subtask. */
  find(group: number): SlotTable | undefined {
    return this.#tables[this.#indexOf(group)]
  }

  findOrCreate(group: number): SlotTable {
    const index = this.#indexOf(group)
    return this.#tables[index] ?? this.#create(index)
  }

  #indexOf(group: number): number {
    const count = this.#tables.length
    return group < count ? group : group & (count - 1)
  }

  #create(index: number): SlotTable {
    assert(index >= 0, 'a table is for no key')
    const created = new SlotTable()
    if (this.#sizeExpected > 0) created.reserve(this.#sizeExpected)
    this.#tables[index] = created
    return created
  }
}

/** The namespace of states that have no other (Flink: VoidNamespace). @internal */
export const voidNamespace = 0

/**
 * The tables of one state by namespace, which divides the entries of a key: into those of several
 * windows, say. What is in a namespace can be given up at once.
 *
 * @internal
 */
export class NamespacedTables {
  readonly #groupCount: number
  readonly #shared: boolean
  readonly #namespaces = new Map<number, StateTables>()

  /**
   * `groupCount`: the key groups of the subtask. `shared`: these share tables where that pays, for
   * namespaces that come and go.
   */
  constructor(groupCount: number, shared: boolean) {
    this.#groupCount = groupCount
    this.#shared = shared
  }

  get entryCount(): number {
    let count = 0
    for (const tables of this.#namespaces.values()) count += tables.entryCount
    return count
  }

  /** The keys that have an entry, for each namespace again; nothing may change meanwhile. */
  *keys(): Iterable<KeyIdentity> {
    for (const tables of this.#namespaces.values()) yield* tables.keys()
  }

  /** The namespaces in use, in no order. */
  namespaces(): Iterable<number> {
    return this.#namespaces.keys()
  }

  /** `sizeExpected`: entries that a new namespace will probably have; `undefined`: unknown. */
  findOrCreate(namespace: number, sizeExpected?: number): StateTables {
    const found = this.#namespaces.get(namespace)
    if (found !== undefined) return found
    const count = this.#shared ? this.#sharedCount(sizeExpected) : this.#groupCount
    const created = new StateTables(count, Math.ceil((sizeExpected ?? 0) / count))
    this.#namespaces.set(namespace, created)
    return created
  }

  /** Forgets all entries of a namespace, in no time; snapshots that are open still have them. */
  remove(namespace: number): void {
    this.#namespaces.delete(namespace)
  }

  #sharedCount(sizeExpected: number | undefined): number {
    if (sizeExpected !== undefined && sizeExpected <= smallMax) return 1
    return Math.min(sharedTablesMax, this.#groupCount)
  }
}

/** A table that grows stops the task for the longer, the larger it is: more are divided. */
const smallMax = 16_384
/** A power of two. */
const sharedTablesMax = 16
