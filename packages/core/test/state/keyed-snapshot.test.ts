import { describe, expect, it } from 'vitest'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import { defaultSliceLimits, type SliceLimits } from '../../src/state/keyed-snapshot.ts'
import { type ValueState, valueState } from '../../src/state/state-descriptor.ts'
import { contentsOf, createFixture, type Fixture, fileOf } from './backend-fixture.ts'
import { runSnapshots } from './snapshot-run.ts'

const oneByOne = { bytesMax: 1, slotsMax: 2 }
const keys = ['a', 'b', 'c', 'd', 'e', 'f']

function createFilled(): Fixture {
  const fixture = createFixture({ sliceLimits: oneByOne })
  for (const [i, key] of keys.entries()) {
    fixture.backend.setCurrentKey(key)
    fixture.value.set({ count: i })
    fixture.list.addAll([{ count: i }, { count: i + 1 }])
    fixture.map.set('m', { count: i })
    fixture.plain.set(i)
  }
  return fixture
}

const changes: readonly (readonly [string, (fixture: Fixture) => void])[] = [
  ['replaced', ({ value }) => value.set({ count: -1 })],
  ['removed', ({ value }) => value.clear()],
  ['changed in place', ({ value }) => Object.assign(value.get() ?? {}, { count: -1 })],
  ['added to a list', ({ list }) => list.add({ count: -1 })],
  ['put in place of a list', ({ list }) => list.update([{ count: -1 }])],
  ['changed in place in a list', ({ list }) => [...list.get()].map((one) => (one.count = -1))],
  ['put into a map', ({ map }) => map.set('x', { count: -1 })],
  ['deleted from a map', ({ map }) => map.delete('m')],
  ['changed in place in a map', ({ map }) => Object.assign(map.get('m') ?? {}, { count: -1 })],
  ['changed by iteration', ({ map }) => [...map.values()].map((one) => (one.count = -1))],
  ['changed by entries', ({ map }) => [...map.entries()].map(([, one]) => (one.count = -1))],
]

describe('a snapshot of keyed state', () => {
  it.each(changes)('does not see what is %s after it was taken, at any step', (_, change) => {
    const expected = contentsOf(createFilled(), keys)
    const stepCount = [...createFilled().backend.snapshot().chunks()].length
    expect(stepCount).toBeGreaterThan(10)
    for (let before = 0; before <= stepCount; before += 1) {
      const fixture = createFilled()
      const steps = fixture.backend.snapshot().chunks()[Symbol.iterator]()
      const chunks = Array.from({ length: before }, () => steps.next().value as Uint8Array)
      for (const key of [...keys, 'new']) {
        fixture.backend.setCurrentKey(key)
        change(fixture)
      }
      for (let step = steps.next(); step.done !== true; step = steps.next()) chunks.push(step.value)

      const restored = createFixture()
      restored.backend.restore(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])))
      expect(contentsOf(restored, keys)).toStrictEqual(expected)
      expect(restored.backend.entryCount).toBe(24)
    }
  })

  it.each(Array.from({ length: 12 }, (_, i) => i + 1))('is right in the random run %i', (seed) => {
    expect(runSnapshots(seed, 200).wrong).toStrictEqual([])
  })

  it('names every declared state, also without entries', () => {
    expect(createFixture().backend.snapshot().states).toStrictEqual([
      { name: 'value', kind: 'value' },
      { name: 'list', kind: 'list' },
      { name: 'map', kind: 'map' },
      { name: 'plain', kind: 'value' },
    ])
  })

  it('gives chunks that do not change any more', () => {
    const fixture = createFilled()
    const chunks: Uint8Array[] = []
    const copies: Uint8Array[] = []
    for (const chunk of fixture.backend.snapshot().chunks()) {
      chunks.push(chunk)
      copies.push(chunk.slice())
    }

    expect(chunks.length).toBeGreaterThan(10)
    expect(chunks).toStrictEqual(copies)
  })

  it('makes the same bytes from the same history', () => {
    expect(fileOf(createFilled().backend.snapshot())).toStrictEqual(
      fileOf(createFilled().backend.snapshot()),
    )
  })

  it('cannot be read to the end after its release, nor twice', () => {
    const { backend } = createFilled()
    const snapshot = backend.snapshot()
    const steps = snapshot.chunks()[Symbol.iterator]()
    steps.next()
    snapshot.release()
    snapshot.release()

    expect(() => steps.next()).toThrow(
      expect.objectContaining({ code: 'FLINKTS_CHECKPOINT_ABORTED' }),
    )
    expect(() => [...snapshot.chunks()]).toThrow('read twice')

    const unread = backend.snapshot()
    unread.release()
    expect(() => [...unread.chunks()]).toThrow(
      expect.objectContaining({ code: 'FLINKTS_CHECKPOINT_ABORTED' }),
    )
  })

  it('is whole if it is released after its last chunk', () => {
    const { backend } = createFilled()
    const snapshot = backend.snapshot()
    const file = fileOf(snapshot)
    snapshot.release()

    const restored = createFixture()
    restored.backend.restore(file)
    expect(restored.backend.entryCount).toBe(24)
  })

  it('costs nothing any more when it is released, complete, or its reader stopped', () => {
    const ends: readonly ((fixture: Fixture) => void)[] = [
      ({ backend }) => backend.snapshot().release(),
      ({ backend }) => fileOf(backend.snapshot()),
      ({ backend }) => {
        for (const chunk of backend.snapshot().chunks()) if (chunk.length > 0) break
      },
    ]
    for (const end of ends) {
      const fixture = createFilled()
      end(fixture)
      // A value that says so when it is serialized.
      let reads = 0
      const watched = Object.defineProperty({}, 'count', {
        enumerable: true,
        get: () => (reads += 1),
      }) as { count: number }
      fixture.backend.setCurrentKey('a')
      fixture.value.set(watched)
      fixture.value.get()
      fixture.value.set({ count: 1 })

      expect(reads).toBe(0)
    }
  })

  it.each([true, false])('fails when a value has no serial form (touched: %s)', (touched) => {
    const fixture = createFilled()
    fixture.backend.setCurrentKey('b')
    fixture.value.set({ count: 1, done: () => 1 } as { count: number })
    const steps = fixture.backend.snapshot().chunks()[Symbol.iterator]()
    const count = touched ? fixture.value.get()?.count : 1

    expect(() => {
      while (steps.next().done !== true);
    }).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_UNSERIALIZABLE',
        message: 'state "value" of operator "op" holds a function at ".done"',
      }),
    )
    expect(count).toBe(1)
    fixture.value.set({ count: 1 })
    expect(fileOf(fixture.backend.snapshot()).length).toBeGreaterThan(100)
  })
})

describe('a snapshot of many numbers', () => {
  const count = 5000

  interface Numbers {
    readonly backend: HeapStateBackend
    readonly state: ValueState<unknown>
  }

  function createNumbers(sliceLimits: SliceLimits = defaultSliceLimits): Numbers {
    const range = { first: 0, last: 0 }
    const backend = new HeapStateBackend({
      operatorId: 'op',
      range,
      maxParallelism: 1,
      sliceLimits,
    })
    return { backend, state: backend.state('s', valueState<unknown>()) }
  }

  function createCounted(sliceLimits?: SliceLimits): Numbers {
    const numbers = createNumbers(sliceLimits)
    for (let key = 0; key < count; key += 1) {
      numbers.backend.setCurrentKey(key)
      numbers.state.set(key)
    }
    return numbers
  }

  it.each([
    ['not changed', undefined, () => undefined],
    ['changed', 3000, (state: ValueState<unknown>) => state.set(-1)],
    ['removed', 3000, (state: ValueState<unknown>) => state.clear()],
    ['set to what is no number', 3000, (state: ValueState<unknown>) => state.set('text')],
    ['added', count, (state: ValueState<unknown>) => state.set(-1)],
    ['added under a key that is no number', 'key', (state: ValueState<unknown>) => state.set(-1)],
  ])('has all of them when one is %s', (_, changed, change) => {
    const { backend, state } = createCounted()
    const snapshot = backend.snapshot()
    if (changed !== undefined) {
      backend.setCurrentKey(changed)
      change(state)
    }
    const restored = createNumbers()
    restored.backend.restore(fileOf(snapshot))

    const wrong = Array.from({ length: count }, (__, key) => key).filter((key) => {
      restored.backend.setCurrentKey(key)
      return restored.state.get() !== key
    })
    expect(wrong).toStrictEqual([])
    expect(restored.backend.entryCount).toBe(count)
  })

  it('takes no more bytes when they are read meanwhile', () => {
    const read = createCounted()
    const snapshot = read.backend.snapshot()
    read.backend.setCurrentKey(3000)

    expect(read.state.get()).toBe(3000)
    expect(fileOf(snapshot)).toStrictEqual(fileOf(createCounted().backend.snapshot()))
  })

  it('comes in chunks of a bounded length, also when all are changed at once', () => {
    const { backend, state } = createCounted({ bytesMax: 1000, slotsMax: 1000 })
    const snapshot = backend.snapshot()
    for (let key = 0; key < count; key += 1) {
      backend.setCurrentKey(key)
      state.set(0)
    }
    const lengths = [...snapshot.chunks()].map(({ length }) => length)

    // Numbers may have eight times as much; a page has 1024 of them, in two bytes each.
    expect(Math.max(...lengths)).toBeLessThan(8000 + 1024 * 4 + 100)
    expect(lengths.length).toBeGreaterThanOrEqual(2)
  })
})

describe('a step of writing a snapshot', () => {
  it('serializes a bounded number of entries, however many there are', () => {
    const backend = new HeapStateBackend({
      operatorId: 'op',
      range: { first: 0, last: 0 },
      maxParallelism: 1,
    })
    const state = backend.state('s', valueState<{ readonly id: number }>())
    let reads = 0
    const prototypeless = { enumerable: true, get: () => (reads += 1) }
    for (let key = 0; key < 20_000; key += 1) {
      backend.setCurrentKey(key)
      state.set(Object.defineProperty({}, 'id', prototypeless) as { readonly id: number })
    }
    const snapshot = backend.snapshot()
    expect(reads).toBe(0)

    let most = 0
    let before = 0
    let bytesMost = 0
    for (const chunk of snapshot.chunks()) {
      most = Math.max(most, reads - before)
      bytesMost = Math.max(bytesMost, chunk.length)
      before = reads
    }

    expect(reads).toBe(20_000)
    expect(most).toBeLessThanOrEqual(16_384)
    expect(bytesMost).toBeLessThan(66_000)
  })

  it.each([
    ['numbers', (key: number) => key, 5],
    ['anything', String, 50],
  ])('looks at a bounded number of slots, also when nearly all are free: %s', (_, of, atLeast) => {
    const backend = new HeapStateBackend({
      operatorId: 'op',
      range: { first: 0, last: 0 },
      maxParallelism: 1,
      sliceLimits: { bytesMax: 65_536, slotsMax: 100 },
    })
    const state = backend.state('s', valueState<unknown>())
    for (let key = 0; key <= 5000; key += 1) {
      backend.setCurrentKey(key)
      state.set(of(key))
    }
    for (let key = 0; key < 5000; key += 1) {
      backend.setCurrentKey(key)
      state.clear()
    }

    expect([...backend.snapshot().chunks()].length).toBeGreaterThanOrEqual(atLeast)
  })
})
