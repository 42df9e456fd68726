import type { EntryScope } from './entry-codec.ts'
import { type KeyIdentity, keyHash, keyOfIdentity } from './key.ts'
import type { SlotTable } from './slot-table.ts'
import type { StateTables } from './state-tables.ts'
import { expired, type TimedMap, type TtlAt, unexpired } from './state-ttl.ts'

/**
 * Goes round the entries of a state with a time to live, a few slots a call, and removes what is
 * expired: so that keys vanish which nobody reads any more. Runs on the task's thread, between
 * records.
 *
 * @internal
 */
export class TtlSweeper {
  readonly #scope: EntryScope
  readonly #tables: StateTables
  #tableIndex = 0
  #slot = 0

  constructor(scope: EntryScope, tables: StateTables) {
    this.#scope = scope
    this.#tables = tables
  }

  /** Looks at `slotsMax` slots. @returns whether the slots of entries may have changed. */
  sweep(slotsMax: number, now: number): boolean {
    const { ttl } = this.#scope
    if (ttl === undefined) return false
    let removed = false
    for (let looked = 0; looked < slotsMax; looked += 1) {
      const table = this.#tables.at(this.#tableIndex)
      if (table === undefined || this.#slot >= table.slotCount) {
        this.#nextTable()
        continue
      }
      if (this.#expire(table, this.#slot, { ttl, now })) removed = true
      this.#slot += 1
    }
    return removed
  }

  #nextTable(): void {
    this.#slot = 0
    this.#tableIndex = (this.#tableIndex + 1) % this.#tables.count
  }

  /** Whether the entry is gone. */
  #expire(table: SlotTable, slot: number, at: TtlAt): boolean {
    const key = table.keyAt(slot)
    if (key === undefined) return false
    const stored = table.peek(slot)
    const live = unexpired(this.#scope.kind, stored, at)
    if (live === stored) return false
    if (live === undefined) table.remove(this.#hashOf(key), slot)
    else if (this.#scope.kind === 'map') deleteExpired(table.touch(slot) as TimedMap, at)
    else table.replace(slot, live)
    return live === undefined
  }

  #hashOf(key: KeyIdentity): number {
    return keyHash(keyOfIdentity(key), this.#scope.operatorId)
  }
}

/** In place: a function that was paused may be going through the map. */
function deleteExpired(stored: TimedMap, { ttl, now }: TtlAt): void {
  for (const [key, { at }] of stored) if (expired(at, ttl, now)) stored.delete(key)
}
