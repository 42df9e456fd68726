import { Buffer } from 'node:buffer'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import type { Key, KeyGroupRange } from '../../src/state/key.ts'
import type { KeyedSnapshot, SliceLimits } from '../../src/state/keyed-snapshot.ts'
import {
  type ListState,
  listState,
  type MapState,
  mapState,
  type ValueState,
  valueState,
} from '../../src/state/state-descriptor.ts'

/** An object as users keep it in state, and change in place. */
export interface Counter {
  count: number
}

export const maxParallelism = 32

/** A backend with a state of every kind. */
export interface Fixture {
  readonly backend: HeapStateBackend
  readonly value: ValueState<Counter>
  readonly list: ListState<Counter>
  readonly map: MapState<Key, Counter>
  /** Numbers, which lie in columns, unless something else is among them. */
  readonly plain: ValueState<unknown>
}

interface FixtureOptions {
  readonly range?: KeyGroupRange
  readonly sliceLimits?: SliceLimits
  readonly maxParallelism?: number
}

export function createFixture(options: FixtureOptions = {}): Fixture {
  const backend = new HeapStateBackend({
    operatorId: 'op',
    range: { first: 0, last: (options.maxParallelism ?? maxParallelism) - 1 },
    maxParallelism,
    ...options,
  })
  return {
    backend,
    value: backend.state('value', valueState<Counter>()),
    list: backend.state('list', listState<Counter>()),
    map: backend.state('map', mapState<Key, Counter>()),
    plain: backend.state('plain', valueState<unknown>()),
  }
}

export function fileOf(snapshot: KeyedSnapshot): Uint8Array {
  return new Uint8Array(Buffer.concat([...snapshot.chunks()]))
}

/** What a key has in all states; `undefined` if it has nothing. */
export interface Contents {
  readonly value: Counter | undefined
  readonly list: readonly Counter[]
  readonly map: readonly (readonly [Key, Counter])[]
  readonly plain: unknown
}

/** The contents of keys, in order, copied. The backend must own them all. */
export function contentsOf(fixture: Fixture, keys: readonly Key[]): Contents[] {
  return keys.map((key) => {
    fixture.backend.setCurrentKey(key)
    return structuredClone({
      value: fixture.value.get(),
      list: [...fixture.list.get()],
      map: [...fixture.map.entries()],
      plain: fixture.plain.get(),
    })
  })
}
