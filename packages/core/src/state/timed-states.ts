import type { CurrentEntry, SingleEntry } from './current-entry.ts'
import { type Key, type KeyIdentity, keyIdentity, keyOfIdentity } from './key.ts'
import type { ListState, MapState } from './state-descriptor.ts'
import {
  expired,
  refreshesOnRead,
  showsExpired,
  type StateTtl,
  type TimedList,
  type TimedMap,
  type TimedValue,
  unexpired,
} from './state-ttl.ts'

/** How a state with a time to live tells what is expired. @internal */
export interface TtlTime {
  readonly ttl: StateTtl
  /** Milliseconds since 1970; stands still while a record is processed. */
  readonly now: () => number
}

/** The value of the current key, as long as it is not expired. @internal */
export class TimedEntry implements SingleEntry {
  readonly #entry: CurrentEntry
  readonly #ttl: StateTtl
  readonly #now: () => number

  constructor(entry: CurrentEntry, { ttl, now }: TtlTime) {
    this.#entry = entry
    this.#ttl = ttl
    this.#now = now
  }

  touch(): unknown {
    const stored = this.#entry.touch() as TimedValue | undefined
    if (stored === undefined) return undefined
    const now = this.#now()
    if (expired(stored.at, this.#ttl, now)) {
      this.#entry.remove()
      return showsExpired(this.#ttl) ? stored.value : undefined
    }
    if (refreshesOnRead(this.#ttl)) stored.at = now
    return stored.value
  }

  write(value: unknown): void {
    const stored = this.#entry.touch() as TimedValue | undefined
    if (stored === undefined) {
      this.#entry.write({ value, at: this.#now() } satisfies TimedValue)
      return
    }
    stored.value = value
    stored.at = this.#now()
  }

  remove(): void {
    this.#entry.remove()
  }
}

/** @internal */
export class TimedListState implements ListState<unknown> {
  readonly #entry: CurrentEntry
  readonly #ttl: StateTtl
  readonly #now: () => number

  constructor(entry: CurrentEntry, { ttl, now }: TtlTime) {
    this.#entry = entry
    this.#ttl = ttl
    this.#now = now
  }

  get(): Iterable<unknown> {
    const stored = this.#stored()
    if (stored === undefined) return []
    const live = unexpired('list', stored, { ttl: this.#ttl, now: this.#now() }) as
      | TimedList
      | undefined
    if (live === undefined) this.#entry.remove()
    else if (live !== stored) this.#entry.write(live)
    if (live !== undefined && refreshesOnRead(this.#ttl)) live.times.fill(this.#now())
    return showsExpired(this.#ttl) ? stored.values : (live?.values ?? [])
  }

  add(value: unknown): void {
    this.addAll([value])
  }

  addAll(values: Iterable<unknown>): void {
    // A copy: the values may be those of this very list.
    const added = [...values]
    if (added.length === 0) return
    const stored = this.#stored()
    if (stored === undefined) {
      this.update(added)
      return
    }
    const now = this.#now()
    for (const value of added) {
      stored.values.push(value)
      stored.times.push(now)
    }
  }

  update(values: Iterable<unknown>): void {
    const updated = [...values]
    const now = this.#now()
    const stored: TimedList = { values: updated, times: updated.map(() => now) }
    if (updated.length === 0) this.#entry.remove()
    else this.#entry.write(stored)
  }

  clear(): void {
    this.#entry.remove()
  }

  #stored(): TimedList | undefined {
    return this.#entry.touch() as TimedList | undefined
  }
}

/** @internal */
export class TimedMapState implements MapState<Key, unknown> {
  readonly #entry: CurrentEntry
  readonly #operatorId: string
  readonly #ttl: StateTtl
  readonly #now: () => number

  constructor(entry: CurrentEntry, operatorId: string, { ttl, now }: TtlTime) {
    this.#entry = entry
    this.#operatorId = operatorId
    this.#ttl = ttl
    this.#now = now
  }

  /** Looks at every map key. */
  get size(): number {
    return this.#visible().length
  }

  get(key: Key): unknown {
    const identity = keyIdentity(key, this.#operatorId)
    const stored = this.#stored()
    const found = stored?.get(identity)
    if (stored === undefined || found === undefined) return undefined
    const now = this.#now()
    if (expired(found.at, this.#ttl, now)) {
      this.#remove(stored, identity)
      return showsExpired(this.#ttl) ? found.value : undefined
    }
    if (refreshesOnRead(this.#ttl)) found.at = now
    return found.value
  }

  set(key: Key, value: unknown): void {
    const identity = keyIdentity(key, this.#operatorId)
    const stored = this.#stored()
    const timed: TimedValue = { value, at: this.#now() }
    if (stored === undefined) this.#entry.write(new Map([[identity, timed]]))
    else stored.set(identity, timed)
  }

  has(key: Key): boolean {
    const found = this.#stored()?.get(keyIdentity(key, this.#operatorId))
    if (found === undefined) return false
    return showsExpired(this.#ttl) || !expired(found.at, this.#ttl, this.#now())
  }

  delete(key: Key): void {
    const stored = this.#stored()
    if (stored !== undefined) this.#remove(stored, keyIdentity(key, this.#operatorId))
  }

  entries(): Iterable<readonly [Key, unknown]> {
    return this.#entriesOf(this.#visible())
  }

  *keys(): Iterable<Key> {
    for (const [key] of this.entries()) yield key
  }

  *values(): Iterable<unknown> {
    for (const [, value] of this.entries()) yield value
  }

  clear(): void {
    this.#entry.remove()
  }

  /** Without those that the reader deletes while it goes through them. */
  *#entriesOf(visible: readonly VisibleEntry[]): Iterable<readonly [Key, unknown]> {
    for (const { identity, timed, gone } of visible) {
      const current = gone ? timed : this.#stored()?.get(identity)
      if (current !== undefined) yield [keyOfIdentity(identity), current.value]
    }
  }

  /** What a reader may see, and removes what is expired. */
  #visible(): readonly VisibleEntry[] {
    const stored = this.#stored()
    if (stored === undefined) return []
    const now = this.#now()
    const visible: VisibleEntry[] = []
    for (const [identity, timed] of [...stored]) {
      const gone = expired(timed.at, this.#ttl, now)
      if (gone) this.#remove(stored, identity)
      else if (refreshesOnRead(this.#ttl)) timed.at = now
      if (!gone || showsExpired(this.#ttl)) visible.push({ identity, timed, gone })
    }
    return visible
  }

  #remove(stored: TimedMap, identity: KeyIdentity): void {
    stored.delete(identity)
    if (stored.size === 0) this.#entry.remove()
  }

  #stored(): TimedMap | undefined {
    return this.#entry.touch() as TimedMap | undefined
  }
}

/** An entry of a map; `gone`: it was expired, and is not in the map any more. */
interface VisibleEntry {
  readonly identity: KeyIdentity
  readonly timed: TimedValue
  readonly gone: boolean
}
