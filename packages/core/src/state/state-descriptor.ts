import type { AggregateFunction } from './aggregate-function.ts'
import type { Key } from './key.ts'
import type { StateTtl } from './state-ttl.ts'

/**
 * What a keyed state holds for every key: one value, a list, a map, or what values add up to.
 * @public
 */
export type StateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating'

/**
 * One value for every key. Runs on the task's thread, and only while a record or timer of the
 * current key is processed. An object that `get` returned may be changed in place before the call
 * of the user function ends; a reference kept beyond that is not part of the state any more, and
 * changes made through it may or may not be in the next checkpoint.
 *
 * @public
 */
export interface ValueState<V> {
  /** The value of the current key; `undefined` if there is none. */
  get(): V | undefined
  /** Replaces the value of the current key; `undefined` removes it. */
  set(value: V): void
  /** Removes the value of the current key. */
  clear(): void
}

/** A list for every key, in the order of adding. The rules of `ValueState` apply. @public */
export interface ListState<V> {
  /** The list of the current key; empty if there is none. Do not add while iterating over it. */
  get(): Iterable<V>
  /** Appends a value. */
  add(value: V): void
  /** Appends values, in order. */
  addAll(values: Iterable<V>): void
  /** Replaces the list; may be made from what `get` returned. No values remove the list. */
  update(values: Iterable<V>): void
  /** Removes the list of the current key. */
  clear(): void
}

/**
 * A map for every key, in the order of insertion. Map keys follow the rules of keys: two tuples
 * with the same elements are one map key. The rules of `ValueState` apply.
 *
 * @public
 */
export interface MapState<K extends Key, V> {
  /** The value of a map key; `undefined` if there is none. */
  get(key: K): V | undefined
  /**
   * Adds or replaces the value of a map key.
   *
   * @throws FlinktsError FLINKTS_KEY_INVALID
   */
  set(key: K, value: V): void
  has(key: K): boolean
  /** Removes a map key; nothing happens if there is none. */
  delete(key: K): void
  /** Everything in the map of the current key. Deleting while iterating is allowed. */
  entries(): Iterable<readonly [K, V]>
  keys(): Iterable<K>
  values(): Iterable<V>
  /** The number of map keys of the current key. */
  readonly size: number
  /** Removes the map of the current key. */
  clear(): void
}

/** What the values of every key are reduced to. The rules of `ValueState` apply. @public */
export interface ReducingState<V> {
  /** What the values of the current key are reduced to; `undefined` if there are none. */
  get(): V | undefined
  add(value: V): void
  /** Removes the value of the current key. */
  clear(): void
}

/** What the values of every key add up to. The rules of `ValueState` apply. @public */
export interface AggregatingState<In, Out> {
  /** The result for the current key; `undefined` if nothing was added. */
  get(): Out | undefined
  add(value: In): void
  /** Removes the accumulator of the current key. */
  clear(): void
}

/**
 * Declares a keyed state; its name is the property under which the operator declares it, and is
 * for ever. `S` is the type of the handle that the operator gets.
 *
 * @public
 */
export interface StateDescriptor<S> {
  readonly kind: StateKind
  /** When its values expire; absent: never. */
  readonly ttl?: StateTtl
  /** Of a reducing state. @internal */
  readonly reduce?: (reduced: unknown, value: unknown) => unknown
  /** Of an aggregating state. @internal */
  readonly aggregate?: AggregateFunction<unknown, unknown, unknown>
  /** Carries the type `S`; never set. */
  readonly '~state'?: S
}

/** The keyed states of an operator, by name. @public */
export type StateDeclarations = Readonly<Record<string, StateDescriptor<unknown>>>

/** The handles of declared states, by name. @public */
export type States<D extends StateDeclarations> = {
  readonly [Name in keyof D]: D[Name] extends StateDescriptor<infer S> ? S : never
}

/** Settings of a keyed state. @public */
export interface StateOptions {
  /** When values expire; default: never. */
  readonly ttl?: StateTtl
}

/** One value for every key. @public */
export function valueState<V>(options: StateOptions = {}): StateDescriptor<ValueState<V>> {
  return { kind: 'value', ...ttlOf(options) }
}

/** A list for every key. @public */
export function listState<V>(options: StateOptions = {}): StateDescriptor<ListState<V>> {
  return { kind: 'list', ...ttlOf(options) }
}

/** A map for every key. @public */
export function mapState<K extends Key, V>(
  options: StateOptions = {},
): StateDescriptor<MapState<K, V>> {
  return { kind: 'map', ...ttlOf(options) }
}

/**
 * For every key what `reduce` makes of its values, one after the other; the first one as it is.
 * Only the result is kept. @public
 */
export function reducingState<V>(
  reduce: (reduced: V, value: V) => V,
  options: StateOptions = {},
): StateDescriptor<ReducingState<V>> {
  const untyped = reduce as (reduced: unknown, value: unknown) => unknown
  return { kind: 'reducing', reduce: untyped, ...ttlOf(options) }
}

/** For every key what `aggregate` makes of its values; only the accumulator is kept. @public */
export function aggregatingState<In, Accumulator, Out>(
  aggregate: AggregateFunction<In, Accumulator, Out>,
  options: StateOptions = {},
): StateDescriptor<AggregatingState<In, Out>> {
  const untyped = aggregate as AggregateFunction<unknown, unknown, unknown>
  return { kind: 'aggregating', aggregate: untyped, ...ttlOf(options) }
}

function ttlOf({ ttl }: StateOptions): StateOptions {
  return ttl === undefined ? {} : { ttl }
}
