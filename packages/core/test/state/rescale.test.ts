import { describe, expect, it } from 'vitest'
import { defined } from '../../src/common/assert.ts'
import { type Prng, randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import {
  inRange,
  type Key,
  type KeyGroupRange,
  keyGroupOf,
  keyGroupRange,
  keyHash,
  subtaskOfKeyGroup,
} from '../../src/state/key.ts'
import type { SlotTable } from '../../src/state/slot-table.ts'
import type { NamespacedTables } from '../../src/state/state-tables.ts'
import {
  type Contents,
  contentsOf,
  createFixture,
  type Fixture,
  fileOf,
  maxParallelism,
} from './backend-fixture.ts'
import { randomKey } from './random-value.ts'

function createSubtasks(parallelism: number): Fixture[] {
  return Array.from({ length: parallelism }, (_, subtask) =>
    createFixture({ range: keyGroupRange(subtask, parallelism, maxParallelism) }),
  )
}

function contentsOfAll(subtasks: readonly Fixture[], keys: readonly Key[]): Contents[] {
  return keys.flatMap((key) => contentsOf(ownerOf(subtasks, key), [key]))
}

function ownerOf(subtasks: readonly Fixture[], key: Key): Fixture {
  const keyGroup = keyGroupOf(key, maxParallelism, 'op')
  const owner = subtasks[subtaskOfKeyGroup(keyGroup, maxParallelism, subtasks.length)]
  return defined(owner, 'a key group has no subtask')
}

function change(prng: Prng, key: Key, { backend, value, list, map, plain }: Fixture): void {
  backend.setCurrentKey(key)
  if (prng.next() < 0.3) value.set({ count: randomBelow(prng, 100) })
  if (prng.next() < 0.1) value.clear()
  if (prng.next() < 0.2) list.add({ count: randomBelow(prng, 100) })
  if (prng.next() < 0.2) map.set(key, { count: randomBelow(prng, 100) })
  if (prng.next() < 0.5) plain.set(prng.next() < 0.02 ? 'text' : randomBelow(prng, 100_000))
}

/** Has the entries of a key written before their turn. */
function touch(key: Key, { backend, value, list, map, plain }: Fixture): void {
  backend.setCurrentKey(key)
  value.get()
  list.get()
  map.entries()
  if (plain.get() !== undefined) plain.set(plain.get())
}

describe('keyed state', () => {
  it.each([
    [2, 3],
    [3, 2],
  ])('C51: is the same in all when %i subtasks become %i', (before, after) => {
    const prng = new SeededPrng(51)
    const keys = [...new Set(Array.from({ length: 60 }, () => randomKey(prng)))]
    const old = createSubtasks(before)
    for (const key of keys) change(prng, key, ownerOf(old, key))

    const files = old.map(({ backend }) => fileOf(backend.snapshot()))
    const subtasks = createSubtasks(after)
    for (const { backend } of subtasks) for (const file of files) backend.restore(file)

    expect(contentsOfAll(subtasks, keys)).toStrictEqual(contentsOfAll(old, keys))
  })

  it.each([1, 2, 3, 4, 5, 6])('survives changes of parallelism (seed %i)', (seed) => {
    const prng = new SeededPrng(seed)
    const keys = [...new Set(Array.from({ length: 60 }, () => randomKey(prng)))]
    let subtasks = createSubtasks(1 + randomBelow(prng, 8))
    for (let round = 0; round < 6; round += 1) {
      for (const key of keys) change(prng, key, ownerOf(subtasks, key))
      const expected = contentsOfAll(subtasks, keys)
      const entryCount = subtasks.reduce((sum, { backend }) => sum + backend.entryCount, 0)

      const snapshots = subtasks.map(({ backend }) => backend.snapshot())
      for (const key of keys) if (prng.next() < 0.5) touch(key, ownerOf(subtasks, key))
      const files = snapshots.map(fileOf)
      subtasks = createSubtasks(1 + randomBelow(prng, 8))
      for (const { backend } of subtasks) for (const file of files) backend.restore(file)

      expect(contentsOfAll(subtasks, keys)).toStrictEqual(expected)
      expect(subtasks.reduce((sum, { backend }) => sum + backend.entryCount, 0)).toBe(entryCount)
    }
  })

  it.each([
    [8, 1],
    [1, 8],
  ])('with namespaces is the same in all when %i subtasks become %i', (before, after) => {
    const keys = Array.from({ length: 200 }, (_, key) => key)
    const old = createCounts(before)
    for (const key of keys) old.forEach((counts) => counts.set(key, key))

    const files = old.map(({ backend }) => fileOf(backend.snapshot()))
    const subtasks = createCounts(after)
    for (const { backend } of subtasks) for (const file of files) backend.restore(file)

    const found = keys.map((key) => subtasks.map((counts) => counts.get(key)).filter(isThere))
    expect(found).toStrictEqual(keys.map((key) => [key]))
  })
})

/** A number by key in namespace 7 of the key's subtask; the others have none. */
class Counts {
  readonly backend: HeapStateBackend
  readonly #tables: NamespacedTables

  constructor(range: KeyGroupRange) {
    this.backend = new HeapStateBackend({ operatorId: 'op', range, maxParallelism })
    this.#tables = this.backend.namespaced('counts')
  }

  set(key: number, count: number): void {
    const { range } = this.backend
    const hash = keyHash(key, 'op')
    const group = keyGroupOf(key, maxParallelism, 'op')
    if (inRange(group, range)) this.#table(key).insert(hash, key, count)
  }

  get(key: number): unknown {
    if (!inRange(keyGroupOf(key, maxParallelism, 'op'), this.backend.range)) return undefined
    const table = this.#table(key)
    const slot = table.find(keyHash(key, 'op'), key)
    return slot < 0 ? 'missing' : table.peek(slot)
  }

  #table(key: number): SlotTable {
    const group = keyGroupOf(key, maxParallelism, 'op') - this.backend.range.first
    return this.#tables.findOrCreate(7).findOrCreate(group)
  }
}

function createCounts(parallelism: number): Counts[] {
  return Array.from(
    { length: parallelism },
    (_, subtask) => new Counts(keyGroupRange(subtask, parallelism, maxParallelism)),
  )
}

function isThere(value: unknown): boolean {
  return value !== undefined
}
