import { describe, expect, test } from 'vitest'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import {
  aggregatingState,
  listState,
  mapState,
  reducingState,
  type StateOptions,
  valueState,
} from '../../src/state/state-descriptor.ts'
import type { StateTtl } from '../../src/state/state-ttl.ts'
import { fileOf } from './backend-fixture.ts'

/** Reading and writing one value, as each kind of state does it. */
interface Cell {
  write(value: number): void
  read(): unknown
}

type Open<Handle> = (backend: HeapStateBackend, options: StateOptions) => Handle

const openValue: Open<Cell> = (backend, options) => {
  const state = backend.state('state', valueState<number>(options))
  return { write: (value) => state.set(value), read: () => state.get() }
}

const openList: Open<Cell> = (backend, options) => {
  const state = backend.state('state', listState<number>(options))
  return { write: (value) => state.update([value]), read: () => [...state.get()][0] }
}

const openMap: Open<Cell> = (backend, options) => {
  const state = backend.state('state', mapState<string, number>(options))
  return { write: (value) => state.set('day', value), read: () => state.get('day') }
}

const openReducing: Open<Cell> = (backend, options) => {
  const descriptor = reducingState<number>((_reduced, value) => value, options)
  const state = backend.state('state', descriptor)
  return { write: (value) => state.add(value), read: () => state.get() }
}

const openAggregating: Open<Cell> = (backend, options) => {
  const last = {
    create: (): number => 0,
    add: (_last: number, value: number): number => value,
    result: (value: number): number => value,
  }
  const state = backend.state('state', aggregatingState(last, options))
  return { write: (value) => state.add(value), read: () => state.get() }
}

const cells: readonly [string, Open<Cell>][] = [
  ['a value', openValue],
  ['a list', openList],
  ['a map', openMap],
  ['a reducing state', openReducing],
  ['an aggregating state', openAggregating],
]

/** A state on a clock that the test moves. */
class World<Handle> {
  readonly backend: HeapStateBackend
  readonly #open: Open<Handle>
  readonly #state: Handle
  now: number

  constructor(open: Open<Handle>, options: StateOptions, now = 0) {
    this.now = now
    const range = { first: 0, last: 31 }
    const parts = { operatorId: 'op', range, maxParallelism: 32, now: () => this.now }
    this.backend = new HeapStateBackend(parts)
    this.#open = open
    this.#state = open(this.backend, options)
    this.backend.setCurrentKey('ann')
  }

  at(now: number): Handle {
    this.now = now
    return this.#state
  }

  /** Another one with what a checkpoint of this one holds. */
  restored(options: StateOptions): World<Handle> {
    const next = new World(this.#open, options, this.now)
    next.backend.restore(fileOf(this.backend.snapshot()))
    next.backend.setCurrentKey('ann')
    return next
  }
}

const onWrite: StateTtl = { ms: 100 }
const onRead: StateTtl = { ms: 100, update: 'on-read-and-write' }
const shown: StateTtl = { ms: 100, visibility: 'return-expired-if-not-cleaned-up' }

/** Does the steps; `restore` goes on in a restored state before each. */
function play(
  open: Open<Cell>,
  script: { ttl: StateTtl; steps: readonly (readonly [number, 'write' | 'read'])[] },
  restore: boolean,
): { readonly reads: readonly unknown[]; readonly entryCount: number } {
  const { ttl, steps } = script
  let world = new World(open, { ttl })
  const reads: unknown[] = []
  for (const [time, step] of steps) {
    if (restore) world = world.restored({ ttl })
    if (step === 'write') world.at(time).write(time)
    else reads.push(world.at(time).read())
  }
  return { reads, entryCount: world.backend.entryCount }
}

const c34 = {
  ttl: onWrite,
  steps: [
    [0, 'write'],
    [20, 'read'],
    [50, 'write'],
    [120, 'read'],
    [170, 'write'],
    [220, 'read'],
    [270, 'read'],
  ],
} as const

const c35 = {
  ttl: onRead,
  steps: [
    [0, 'write'],
    [50, 'read'],
    [120, 'read'],
    [220, 'read'],
  ],
} as const

describe.each(cells)('%s with a time to live', (_what, open) => {
  test.each([false, true])('C34: lives from its last write (restored: %s)', (restore) => {
    const { reads, entryCount } = play(open, c34, restore)

    expect(reads).toEqual([0, 50, 170, undefined])
    expect(entryCount).toBe(0)
  })

  test.each([false, true])('C35: lives from its last read (restored: %s)', (restore) => {
    const { reads, entryCount } = play(open, c35, restore)

    expect(reads).toEqual([0, 0, undefined])
    expect(entryCount).toBe(0)
  })

  test('is expired when its time has come, not before', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).write(7)

    expect(world.at(99).read()).toBe(7)
    expect(world.at(100).read()).toBeUndefined()
  })

  test('shows what is expired once, if it is asked to', () => {
    const world = new World(open, { ttl: shown })
    world.at(0).write(7)

    expect(world.at(100).read()).toBe(7)
    expect(world.at(100).read()).toBeUndefined()
    expect(world.backend.entryCount).toBe(0)
  })

  test('is not in a checkpoint once it is expired', () => {
    const world = new World(open, { ttl: shown })
    world.at(0).write(7)

    world.at(100)
    const restored = world.restored({ ttl: shown })

    expect(restored.backend.entryCount).toBe(0)
    expect(restored.at(100).read()).toBeUndefined()
  })

  test('does not come back from a checkpoint in which it was alive', () => {
    const world = new World(open, { ttl: shown })
    world.at(0).write(7)
    const file = fileOf(world.backend.snapshot())

    const restored = new World(open, { ttl: shown }, 100)
    restored.backend.restore(file)
    restored.backend.setCurrentKey('ann')

    expect(restored.backend.entryCount).toBe(0)
    expect(restored.at(100).read()).toBeUndefined()
  })

  test('lives from the restore when it gets its time to live there', () => {
    const world = new World(open, {})
    world.at(0).write(7)

    world.at(1000)
    const restored = world.restored({ ttl: onWrite })

    expect(restored.at(1099).read()).toBe(7)
    expect(restored.at(1100).read()).toBeUndefined()
  })

  test('lives from the restore, also if it was a number among numbers', () => {
    const range = { first: 0, last: 0 }
    const create = (ttl?: StateTtl) => {
      const backend = new HeapStateBackend({ ...numbers, range, now: () => now })
      return { backend, state: backend.state('s', valueState<number>(ttl && { ttl })) }
    }
    const numbers = { operatorId: 'op', maxParallelism: 1 }
    let now = 0
    const old = create()
    old.backend.setCurrentKey(1)
    old.state.set(7)

    now = 1000
    const restored = create({ ms: 100 })
    restored.backend.restore(fileOf(old.backend.snapshot()))
    restored.backend.setCurrentKey(1)
    now = 1099
    expect(restored.state.get()).toBe(7)
    now = 1100
    expect(restored.state.get()).toBeUndefined()
  })

  test('lives for ever when its time to live is taken away', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).write(7)

    const restored = world.restored({})

    expect(restored.at(100_000).read()).toBe(7)
  })

  test('goes by another time to live after a restore', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).write(7)

    const longer = world.restored({ ttl: { ms: 200 } })
    const shorter = world.restored({ ttl: { ms: 50 } })

    expect(longer.at(199).read()).toBe(7)
    expect(longer.at(200).read()).toBeUndefined()
    expect(shorter.at(50).read()).toBeUndefined()
  })

  test('keeps in a checkpoint the time that it had when that was taken', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).write(7)
    const snapshot = world.backend.snapshot()
    world.at(90).write(8)

    const restored = new World(open, { ttl: onWrite }, 50)
    restored.backend.restore(fileOf(snapshot))
    restored.backend.setCurrentKey('ann')

    expect(restored.at(99).read()).toBe(7)
    expect(restored.at(100).read()).toBeUndefined()
  })

  test('vanishes without being read, while records of other keys are processed', () => {
    const world = new World(open, { ttl: onWrite })
    for (let key = 0; key < 200; key += 1) {
      world.backend.setCurrentKey(key)
      world.at(0).write(key)
    }
    world.backend.setCurrentKey(0)
    world.at(50).write(1)

    world.at(100)
    for (let sweep = 0; sweep < 20; sweep += 1) world.backend.sweep()

    expect(world.backend.entryCount).toBe(1)
    expect(world.at(100).read()).toBe(1)
  })

  test('is written anew after a sweep removed it under the current key', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).write(7)

    world.at(100)
    for (let sweep = 0; sweep < 4; sweep += 1) world.backend.sweep()
    world.at(100).write(8)

    expect(world.at(150).read()).toBe(8)
    expect(world.backend.entryCount).toBe(1)
  })
})

describe('a list with a time to live', () => {
  const open: Open<ReturnType<typeof listOf>> = (backend, options) => listOf(backend, options)

  function listOf(
    backend: HeapStateBackend,
    options: StateOptions,
  ): { add(value: number): void; all(): readonly number[]; clear(): void } {
    const state = backend.state('state', listState<number>(options))
    return {
      add: (value) => state.add(value),
      all: () => [...state.get()],
      clear: () => state.clear(),
    }
  }

  test('has a time for each of its elements, also in checkpoints', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).add(1)
    world.at(50).add(2)
    const restored = world.restored({ ttl: onWrite })

    for (const each of [world, restored]) {
      expect(each.at(99).all()).toEqual([1, 2])
      expect(each.at(100).all()).toEqual([2])
      expect(each.at(149).all()).toEqual([2])
      expect(each.at(150).all()).toEqual([])
    }
  })

  test('loses expired elements to a sweep, and goes on', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).add(1)
    world.at(50).add(2)

    world.at(100)
    for (let sweep = 0; sweep < 4; sweep += 1) world.backend.sweep()
    world.at(100).add(3)

    expect(world.at(100).all()).toEqual([2, 3])
    world.at(100).clear()
    expect(world.at(100).all()).toEqual([])
  })
})

describe('a map with a time to live', () => {
  const open = (backend: HeapStateBackend, options: StateOptions) =>
    backend.state('state', mapState<string, number>(options))

  test('has a time for each of its keys, also in checkpoints', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).set('a', 1)
    world.at(50).set('b', 2)
    const restored = world.restored({ ttl: onWrite })

    expect([...restored.at(99).entries()]).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(restored.at(100).has('a')).toBe(false)
    expect([...restored.at(100).keys()]).toEqual(['b'])
    expect([...restored.at(100).values()]).toEqual([2])
    expect(restored.at(100).size).toBe(1)
    expect(restored.at(150).size).toBe(0)
    expect(restored.backend.entryCount).toBe(0)
  })

  test('refreshes what is read, and nothing else', () => {
    const world = new World(open, { ttl: onRead })
    world.at(0).set('a', 1)
    world.at(0).set('b', 2)

    expect(world.at(50).get('a')).toBe(1)

    expect([...world.at(100).keys()]).toEqual(['a'])
    expect([...world.at(199).keys()]).toEqual(['a'])
  })

  test('does not show an entry that is deleted while it is gone through', () => {
    const world = new World(open, { ttl: onWrite })
    const state = world.at(0)
    for (const key of ['a', 'b', 'c']) state.set(key, 1)

    const seen: string[] = []
    for (const key of state.keys()) {
      seen.push(key)
      state.delete('b')
      state.delete(key)
    }

    expect(seen).toEqual(['a', 'c'])
    expect(world.backend.entryCount).toBe(0)
  })

  test('goes on being gone through when a sweep removes entries of it', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).set('a', 1)
    world.at(50).set('b', 2)
    world.at(50).set('c', 3)

    const keys: string[] = []
    for (const key of world.at(99).keys()) {
      keys.push(key)
      world.at(100)
      for (let sweep = 0; sweep < 4; sweep += 1) world.backend.sweep()
    }

    expect(keys).toEqual(['a', 'b', 'c'])
    expect([...world.at(100).keys()]).toEqual(['b', 'c'])
  })

  test('is gone after clear', () => {
    const world = new World(open, { ttl: onWrite })
    world.at(0).set('a', 1)

    world.at(0).clear()

    expect(world.at(0).get('a')).toBeUndefined()
    expect(world.at(0).has('a')).toBe(false)
  })
})

describe('a reducing state with a time to live', () => {
  test('begins anew when what it holds is expired', () => {
    const open = (backend: HeapStateBackend, options: StateOptions) =>
      backend.state(
        'state',
        reducingState<number>((one, two) => one + two, options),
      )
    const world = new World(open, { ttl: onWrite })

    world.at(0).add(1)
    world.at(50).add(2)
    expect(world.at(100).get()).toBe(3)
    world.at(150).add(4)

    expect(world.at(150).get()).toBe(4)
  })
})

test('a state without clock cannot have a time to live', () => {
  const range = { first: 0, last: 31 }
  const backend = new HeapStateBackend({ operatorId: 'op', range, maxParallelism: 32 })
  const state = backend.state('state', valueState<number>({ ttl: onWrite }))
  backend.setCurrentKey('ann')

  expect(() => state.set(1)).toThrow(expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }))
})
