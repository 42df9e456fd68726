import { assert } from '../common/assert.ts'
import type { KeyIdentity } from './key.ts'
import { SlotTable } from './slot-table.ts'

/** The tables of one state in one namespace. @internal */
export class StateTables {
  readonly #tables: (SlotTable | undefined)[]
  readonly #sizesExpected: readonly number[]

  /** `sizesExpected`: of the tables, which are made with room for so many entries. */
  constructor(count: number, sizesExpected: readonly number[] = []) {
    this.#tables = Array.from({ length: count })
    this.#sizesExpected = sizesExpected
  }

  /** The numbers of entries. */
  get sizes(): readonly number[] {
    return this.#tables.map((table) => table?.size ?? 0)
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

  find(index: number): SlotTable | undefined {
    return this.#tables[index]
  }

  findOrCreate(index: number): SlotTable {
    const found = this.#tables[index]
    if (found !== undefined) return found
    assert(index >= 0 && index < this.#tables.length, 'a table is not of this subtask')
    const created = new SlotTable()
    const sizeExpected = this.#sizesExpected[index] ?? 0
    if (sizeExpected > 0) created.reserve(sizeExpected)
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
  /** How many tables a namespace has: one for each key group, or fewer, which share them. */
  readonly tableCount: number
  readonly #namespaces = new Map<number, StateTables>()

  constructor(tableCount: number) {
    this.tableCount = tableCount
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

  find(namespace: number): StateTables | undefined {
    return this.#namespaces.get(namespace)
  }

  /** `like`: one that a new namespace will probably be as large as. */
  findOrCreate(namespace: number, like?: StateTables): StateTables {
    const found = this.#namespaces.get(namespace)
    if (found !== undefined) return found
    const created = new StateTables(this.tableCount, like?.sizes)
    this.#namespaces.set(namespace, created)
    return created
  }

  /** The table for the keys of a key group; `index` in the range of the subtask. */
  tableIndexOf(index: number): number {
    return index < this.tableCount ? index : index % this.tableCount
  }

  /** Forgets all entries of a namespace, in no time; snapshots that are open still have them. */
  remove(namespace: number): void {
    this.#namespaces.delete(namespace)
  }
}
