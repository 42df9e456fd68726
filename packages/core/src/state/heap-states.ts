import type { AggregateFunction } from './aggregate-function.ts'
import type { CurrentEntry, SingleEntry } from './current-entry.ts'
import type { StoredList, StoredMap } from './entry-codec.ts'
import { type Key, keyIdentity, keyOfIdentity } from './key.ts'
import type {
  AggregatingState,
  ListState,
  MapState,
  ReducingState,
  ValueState,
} from './state-descriptor.ts'

/** @internal */
export class HeapValueState implements ValueState<unknown> {
  readonly #entry: SingleEntry

  constructor(entry: SingleEntry) {
    this.#entry = entry
  }

  get(): unknown {
    return this.#entry.touch()
  }

  set(value: unknown): void {
    if (value === undefined) this.#entry.remove()
    else this.#entry.write(value)
  }

  clear(): void {
    this.#entry.remove()
  }
}

/** @internal */
export class HeapReducingState implements ReducingState<unknown> {
  readonly #entry: SingleEntry
  readonly #reduce: (reduced: unknown, value: unknown) => unknown

  constructor(entry: SingleEntry, reduce: (reduced: unknown, value: unknown) => unknown) {
    this.#entry = entry
    this.#reduce = reduce
  }

  get(): unknown {
    return this.#entry.touch()
  }

  add(value: unknown): void {
    const reduced = this.#entry.touch()
    this.#entry.write(checked(reduced === undefined ? value : this.#reduce(reduced, value)))
  }

  clear(): void {
    this.#entry.remove()
  }
}

/** @internal */
export class HeapAggregatingState implements AggregatingState<unknown, unknown> {
  readonly #entry: SingleEntry
  readonly #aggregate: AggregateFunction<unknown, unknown, unknown>

  constructor(entry: SingleEntry, aggregate: AggregateFunction<unknown, unknown, unknown>) {
    this.#entry = entry
    this.#aggregate = aggregate
  }

  get(): unknown {
    const accumulator = this.#entry.touch()
    return accumulator === undefined ? undefined : this.#aggregate.result(accumulator)
  }

  add(value: unknown): void {
    const accumulator = this.#entry.touch() ?? this.#aggregate.create()
    this.#entry.write(checked(this.#aggregate.add(accumulator, value)))
  }

  clear(): void {
    this.#entry.remove()
  }
}

/** @internal */
export class HeapListState implements ListState<unknown> {
  readonly #entry: CurrentEntry

  constructor(entry: CurrentEntry) {
    this.#entry = entry
  }

  get(): Iterable<unknown> {
    return this.#stored() ?? noValues
  }

  add(value: unknown): void {
    const stored = this.#stored()
    if (stored === undefined) this.#entry.write([value])
    else stored.push(value)
  }

  addAll(values: Iterable<unknown>): void {
    // A copy: the values may be those of this very list.
    const added: StoredList = [...values]
    if (added.length === 0) return
    const stored = this.#stored()
    if (stored === undefined) this.#entry.write(added)
    else for (const value of added) stored.push(value)
  }

  update(values: Iterable<unknown>): void {
    const stored: StoredList = [...values]
    if (stored.length === 0) this.#entry.remove()
    else this.#entry.write(stored)
  }

  clear(): void {
    this.#entry.remove()
  }

  #stored(): StoredList | undefined {
    return this.#entry.touch() as StoredList | undefined
  }
}

/** @internal */
export class HeapMapState implements MapState<Key, unknown> {
  readonly #entry: CurrentEntry
  readonly #operatorId: string

  constructor(entry: CurrentEntry, operatorId: string) {
    this.#entry = entry
    this.#operatorId = operatorId
  }

  get size(): number {
    return this.#stored()?.size ?? 0
  }

  get(key: Key): unknown {
    return this.#stored()?.get(keyIdentity(key, this.#operatorId))
  }

  set(key: Key, value: unknown): void {
    const identity = keyIdentity(key, this.#operatorId)
    const stored = this.#stored()
    if (stored === undefined) this.#entry.write(new Map([[identity, value]]))
    else stored.set(identity, value)
  }

  has(key: Key): boolean {
    return this.#stored()?.has(keyIdentity(key, this.#operatorId)) ?? false
  }

  delete(key: Key): void {
    const stored = this.#stored()
    if (stored === undefined) return
    stored.delete(keyIdentity(key, this.#operatorId))
    if (stored.size === 0) this.#entry.remove()
  }

  entries(): Iterable<readonly [Key, unknown]> {
    const stored = this.#stored()
    return stored === undefined ? [] : entriesOf(stored)
  }

  keys(): Iterable<Key> {
    const stored = this.#stored()
    return stored === undefined ? [] : keysOf(stored)
  }

  values(): Iterable<unknown> {
    return this.#stored()?.values() ?? []
  }

  clear(): void {
    this.#entry.remove()
  }

  #stored(): StoredMap | undefined {
    return this.#entry.touch() as StoredMap | undefined
  }
}

/** What is `undefined` cannot be told from nothing. */
function checked(accumulated: unknown): unknown {
  if (accumulated !== undefined) return accumulated
  throw new TypeError('a state cannot hold undefined, which a function of it returned')
}

const noValues: readonly unknown[] = Object.freeze([])

function* entriesOf(stored: StoredMap): Iterable<readonly [Key, unknown]> {
  for (const [identity, value] of stored) yield [keyOfIdentity(identity), value]
}

function* keysOf(stored: StoredMap): Iterable<Key> {
  for (const identity of stored.keys()) yield keyOfIdentity(identity)
}
