import { describe, expect, it } from 'vitest'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import type { Key } from '../../src/state/key.ts'
import { listState, mapState, valueState } from '../../src/state/state-descriptor.ts'
import { contentsOf, createFixture, fileOf, maxParallelism } from './backend-fixture.ts'

const wholeRange = { first: 0, last: 127 }

function createBackend(operatorId = 'op', keyGroups = 128): HeapStateBackend {
  const range = { first: 0, last: keyGroups - 1 }
  return new HeapStateBackend({ operatorId, range, maxParallelism: keyGroups })
}

describe('value state', () => {
  it('belongs to the current key', () => {
    const { backend, value } = createFixture()
    backend.setCurrentKey('a')
    value.set({ count: 1 })
    backend.setCurrentKey('b')

    expect(value.get()).toBeUndefined()
    backend.setCurrentKey('a')
    expect(value.get()).toStrictEqual({ count: 1 })
  })

  it('is gone after clear and after set(undefined)', () => {
    const backend = createBackend()
    const state = backend.state('s', valueState<number | undefined>())
    backend.setCurrentKey(1)
    state.set(5)
    state.set(undefined)
    expect([state.get(), backend.entryCount]).toStrictEqual([undefined, 0])

    state.set(6)
    state.clear()
    state.clear()
    expect([state.get(), backend.entryCount]).toStrictEqual([undefined, 0])
  })

  it('keeps keys apart that look alike', () => {
    const backend = createBackend()
    const state = backend.state('s', valueState<number>())
    const keys: readonly Key[] = [1, '1', 1n, true, [1], ['1'], [[1]], 'true', [], '', '\0t', '\0']
    for (const [i, key] of keys.entries()) {
      backend.setCurrentKey(key)
      state.set(i)
    }

    for (const [i, key] of keys.entries()) {
      backend.setCurrentKey(key)
      expect(state.get()).toBe(i)
    }
    expect(backend.entryCount).toBe(keys.length)
  })

  it('notices that a tuple has other elements than when it was set last', () => {
    const backend = createBackend()
    const state = backend.state('s', valueState<number>())
    const tuple = ['a', 1]
    backend.setCurrentKey(tuple)
    state.set(1)
    tuple[1] = 2
    backend.setCurrentKey(tuple)

    expect(state.get()).toBeUndefined()
  })
})

describe('list state', () => {
  it('keeps the order of adding', () => {
    const backend = createBackend()
    const list = backend.state('l', listState<number>())
    backend.setCurrentKey('k')
    expect([...list.get()]).toStrictEqual([])
    list.addAll([])
    expect(backend.entryCount).toBe(0)
    list.addAll([1, 2])
    list.add(3)
    list.addAll(list.get())

    expect([...list.get()]).toStrictEqual([1, 2, 3, 1, 2, 3])
  })

  it('is replaced by update, also by what was made from it', () => {
    const backend = createBackend()
    const list = backend.state('l', listState<number>())
    backend.setCurrentKey('k')
    list.add(1)
    list.add(2)
    list.update(above(1, list.get()))
    expect([...list.get()]).toStrictEqual([2])

    list.update([])
    expect(backend.entryCount).toBe(0)
    list.add(4)
    list.clear()
    expect([...list.get()]).toStrictEqual([])
  })
})

/** Lazily, as the values of a list that is being replaced may be. */
function* above(limit: number, values: Iterable<number>): Iterable<number> {
  for (const value of values) if (value > limit) yield value
}

describe('map state', () => {
  it('has the map keys that were set and not deleted, in the order of insertion', () => {
    const backend = createBackend()
    const map = backend.state('m', mapState<Key, number>())
    backend.setCurrentKey('k')
    expect([map.size, map.has('a'), map.get('a'), [...map.keys()]]).toStrictEqual([
      0,
      false,
      undefined,
      [],
    ])
    for (const [i, key] of ['\0s', ['t', 1], 1, 1n].entries()) map.set(key, i)
    map.delete(1n)
    map.delete('none')
    map.set(['t', 1], 7)

    expect([...map.entries()]).toStrictEqual([
      ['\0s', 0],
      [['t', 1], 7],
      [1, 2],
    ])
    expect([...map.keys()]).toStrictEqual(['\0s', ['t', 1], 1])
    expect([...map.values()]).toStrictEqual([0, 7, 2])
    expect([map.size, map.has(['t', 1]), map.get(['t', 1]), map.has(1n)]).toStrictEqual([
      3,
      true,
      7,
      false,
    ])
  })

  it('leaves no entry behind when its last map key is deleted', () => {
    const backend = createBackend()
    const map = backend.state('m', mapState<string, number>())
    backend.setCurrentKey('k')
    map.delete('a')
    map.set('a', 1)
    map.set('b', 2)
    for (const key of map.keys()) map.delete(key)

    expect(backend.entryCount).toBe(0)
    map.set('c', 1)
    map.clear()
    expect([...map.entries(), ...map.values()]).toStrictEqual([])
  })

  it('refuses a map key that is no key, naming the operator', () => {
    const backend = createBackend('dedupe')
    const map = backend.state('m', mapState<number, number>())
    backend.setCurrentKey('k')

    expect(() => map.set(Number.NaN, 1)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_KEY_INVALID',
        message: expect.stringContaining('"dedupe"') as unknown,
      }) as Error,
    )
    expect(backend.entryCount).toBe(0)
  })
})

describe('a heap state backend', () => {
  it('lists its states in the order of declaration, and gives one handle for a name', () => {
    const backend = createBackend()
    const handle = backend.state('b', valueState<number>())
    backend.state('a', mapState<number, number>())

    expect(backend.state('b', valueState<number>())).toBe(handle)
    expect(backend.states()).toStrictEqual([
      { name: 'b', kind: 'value' },
      { name: 'a', kind: 'map' },
    ])
    expect(() => backend.state('a', listState<number>())).toThrow('two kinds')
  })

  it('refuses state access while no key is current', () => {
    const { backend, value } = createFixture()

    expect(backend.currentKey).toBeUndefined()
    expect(() => value.get()).toThrow('no key is current')
    backend.setCurrentKey('a')
    expect(backend.currentKey).toBe('a')
    backend.restore(fileOf(createFixture().backend.snapshot()))
    expect(() => value.set({ count: 1 })).toThrow('no key is current')
  })

  it('refuses keys that are not keys or of other subtasks, and keeps the current one', () => {
    const { backend, value } = createFixture({ range: { first: 0, last: 20 } })
    const keyIn = (from: number, to: number): number => {
      const inRange = (key: number): boolean => {
        const other = createFixture({ range: { first: from, last: to } })
        try {
          other.backend.setCurrentKey(key)
          return true
        } catch {
          return false
        }
      }
      return Array.from({ length: 100 }, (_, i) => i).find(inRange) ?? -1
    }
    backend.setCurrentKey(keyIn(0, 20))
    value.set({ count: 3 })

    expect(() => backend.setCurrentKey(Number.NaN)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_KEY_INVALID' }),
    )
    expect(() => backend.setCurrentKey(keyIn(21, maxParallelism - 1))).toThrow('does not own')
    expect(value.get()).toStrictEqual({ count: 3 })
  })

  it.each([
    { first: -1, last: 3 },
    { first: 4, last: 3 },
    { first: 0, last: 128 },
  ])('refuses the range %j of 128 key groups', (range) => {
    expect(() => new HeapStateBackend({ operatorId: 'op', range, maxParallelism: 128 })).toThrow(
      expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }),
    )
  })

  it('uses the slots of removed entries again', () => {
    const backend = createBackend('op', 1)
    const state = backend.state('s', valueState<number>())
    for (let i = 0; i < 10_000; i += 1) {
      backend.setCurrentKey(i)
      state.set(i)
      backend.setCurrentKey(i - 5)
      state.clear()
    }

    expect(backend.entryCount).toBe(5)
    for (let i = 9995; i < 10_000; i += 1) {
      backend.setCurrentKey(i)
      expect(state.get()).toBe(i)
    }
  })
})

describe('restoring', () => {
  it('gives back every kind of state', () => {
    const keys: readonly Key[] = ['a', 1, 2n, false, ['t', ['u']], '\0t']
    const before = createFixture()
    for (const [i, key] of keys.entries()) {
      before.backend.setCurrentKey(key)
      before.value.set({ count: i })
      before.list.addAll([{ count: i }, { count: -i - 1 }])
      before.map.set(key, { count: i })
    }
    const expected = contentsOf(before, keys)

    const after = createFixture()
    after.backend.restore(fileOf(before.backend.snapshot()))

    expect(contentsOf(after, keys)).toStrictEqual(expected)
    expect(after.backend.entryCount).toBe(18)
  })

  it.each([1, 8, 128])('gives back numbers exactly, by any keys, in %i key groups', (keyGroups) => {
    const values = [0, -0, 127, 128, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 53), 0.1, Number.NaN, 'text']
    const keys: readonly Key[] = values.flatMap((_, i) => [i, 2 ** 40 + i, i + 0.5, `${i}`, [i]])
    const before = createBackend('op', keyGroups)
    const state = before.state('s', valueState<unknown>())
    for (const [i, key] of keys.entries()) {
      before.setCurrentKey(key)
      state.set(values[i % values.length])
    }

    const after = createBackend('op', keyGroups)
    const restored = after.state('s', valueState<unknown>())
    after.restore(fileOf(before.snapshot()))

    for (const [i, key] of keys.entries()) {
      after.setCurrentKey(key)
      expect(restored.get()).toBe(values[i % values.length])
    }
  })

  it('of an empty snapshot gives an empty state', () => {
    const after = createFixture()
    after.backend.restore(fileOf(createFixture().backend.snapshot()))

    expect(after.backend.entryCount).toBe(0)
  })

  it('takes states by their names, whatever the order of declaration', () => {
    const before = createBackend()
    before.state('a', valueState<number>())
    const b = before.state('b', valueState<number>())
    before.setCurrentKey('k')
    b.set(5)
    const after = createBackend()
    const restored = after.state('b', valueState<number>())
    after.state('new', listState<number>())
    after.state('a', valueState<number>())
    after.restore(fileOf(before.snapshot()))
    after.setCurrentKey('k')

    expect(restored.get()).toBe(5)
  })

  it('restores values whose type has got and lost fields since', () => {
    const before = createBackend('sum')
    const old = before.state('total', valueState<{ cents: number; note: string }>())
    before.setCurrentKey('k')
    old.set({ cents: 5, note: 'old' })
    const after = createBackend('sum')
    const restored = after.state('total', valueState<{ cents: number; currency?: string }>())

    after.restore(fileOf(before.snapshot()))
    after.setCurrentKey('k')

    expect(restored.get()?.cents).toBe(5)
    expect(restored.get()?.currency).toBeUndefined()
    expect(restored.get()).toStrictEqual({ cents: 5, note: 'old' })
  })

  it('refuses a state that is declared with another kind, naming operator and state', () => {
    const before = createBackend('sum')
    before.state('total', valueState<number>())
    const after = createBackend('sum')
    after.state('total', mapState<string, number>())

    expect(() => after.restore(fileOf(before.snapshot()))).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        message:
          'state "total" of operator "sum" has the kind "map", but the checkpoint holds it ' +
          'with the kind "value"',
      }),
    )
  })

  it('refuses a state that is not declared any more, naming operator and state', () => {
    const before = createBackend('sum')
    before.state('total', valueState<number>())
    const after = createBackend('sum')

    expect(() => after.restore(fileOf(before.snapshot()))).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_ORPHANED',
        message: 'the checkpoint holds state "total" of operator "sum", which does not declare it',
      }),
    )
  })

  it('refuses another number of key groups', () => {
    const file = fileOf(createBackend('sum', 64).snapshot())

    expect(() => createBackend('sum', 128).restore(file)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        hint: expect.stringContaining('maxParallelism to 64') as unknown,
      }) as Error,
    )
  })

  it('refuses two files of the same key groups', () => {
    const file = fileOf(createBackend().snapshot())
    const after = new HeapStateBackend({ operatorId: 'op', range: wholeRange, maxParallelism: 128 })
    after.restore(file)

    expect(() => after.restore(file)).toThrow('cover the same key group')
  })
})
