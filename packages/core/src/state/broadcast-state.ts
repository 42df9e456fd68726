import { type Key, keyIdentity, type KeyIdentity, keyOfIdentity } from './key.ts'

/**
 * A map that every subtask has a copy of, as the side sees it that does not write it. Map keys
 * follow the rules of keys. Values must not be changed in place.
 *
 * @public
 */
export interface ReadOnlyBroadcastState<MapKey extends Key, V> {
  /** The value of a map key; `undefined` if there is none. */
  get(key: MapKey): V | undefined
  has(key: MapKey): boolean
  /** Everything in the map, in the order of insertion. */
  entries(): Iterable<readonly [MapKey, V]>
  readonly size: number
}

/**
 * The same for the side that writes it: every subtask must make the same changes, so let them
 * depend on the broadcast records alone.
 *
 * @public
 */
export interface BroadcastState<MapKey extends Key, V> extends ReadOnlyBroadcastState<MapKey, V> {
  /** Adds or replaces the value of a map key. */
  set(key: MapKey, value: V): void
  /** Removes a map key; nothing happens if there is none. */
  delete(key: MapKey): void
  /** Removes everything. */
  clear(): void
}

/** Declares a broadcast state; made by `broadcastState`. @public */
export interface BroadcastStateDescriptor<MapKey extends Key, V> {
  readonly kind: 'broadcast'
  /** Carries the types of the map; never set. */
  readonly '~types'?: readonly [MapKey, V]
}

/** The broadcast states of a stream, by name. @public */
export type BroadcastDeclarations = Readonly<Record<string, BroadcastStateDescriptor<Key, unknown>>>

/** The handles of declared broadcast states that may be written, by name. @public */
export type BroadcastStates<D extends BroadcastDeclarations> = {
  readonly [Name in keyof D]: D[Name] extends BroadcastStateDescriptor<infer MapKey, infer V>
    ? BroadcastState<MapKey, V>
    : never
}

/** The handles of declared broadcast states that may only be read, by name. @public */
export type ReadOnlyBroadcastStates<D extends BroadcastDeclarations> = {
  readonly [Name in keyof D]: D[Name] extends BroadcastStateDescriptor<infer MapKey, infer V>
    ? ReadOnlyBroadcastState<MapKey, V>
    : never
}

/** A map of which every subtask has a copy. @public */
export function broadcastState<MapKey extends Key, V>(): BroadcastStateDescriptor<MapKey, V> {
  return { kind: 'broadcast' }
}

/** A broadcast state of a subtask, on the heap. @internal */
export class HeapBroadcastState implements BroadcastState<Key, unknown> {
  /** What the other side sees: it has no method that writes. */
  readonly readOnly: ReadOnlyBroadcastState<Key, unknown>
  readonly #operatorId: string
  readonly #entries = new Map<KeyIdentity, unknown>()

  constructor(operatorId: string) {
    this.#operatorId = operatorId
    this.readOnly = new ReadOnlyView(this)
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Key): unknown {
    return this.#entries.get(keyIdentity(key, this.#operatorId))
  }

  has(key: Key): boolean {
    return this.#entries.has(keyIdentity(key, this.#operatorId))
  }

  *entries(): Iterable<readonly [Key, unknown]> {
    for (const [identity, value] of this.#entries) yield [keyOfIdentity(identity), value]
  }

  set(key: Key, value: unknown): void {
    this.#entries.set(keyIdentity(key, this.#operatorId), value)
  }

  delete(key: Key): void {
    this.#entries.delete(keyIdentity(key, this.#operatorId))
  }

  clear(): void {
    this.#entries.clear()
  }
}

class ReadOnlyView implements ReadOnlyBroadcastState<Key, unknown> {
  readonly #state: HeapBroadcastState

  constructor(state: HeapBroadcastState) {
    this.#state = state
  }

  get size(): number {
    return this.#state.size
  }

  get(key: Key): unknown {
    return this.#state.get(key)
  }

  has(key: Key): boolean {
    return this.#state.has(key)
  }

  entries(): Iterable<readonly [Key, unknown]> {
    return this.#state.entries()
  }
}
