import { describe, expect, test } from 'vitest'
import type { Key } from '../../src/state/key.ts'
import { keyKind } from '../../src/state/key-kind.ts'
import { createFixture, type Fixture, fileOf } from './backend-fixture.ts'

test.each<readonly [key: Key, kind: string]>([
  ['a', 'string'],
  [-0.5, 'number'],
  [1n, 'bigint'],
  [true, 'boolean'],
  [[], '[]'],
  [['a', 1], '[string, number]'],
  [['a', 'b', 'c'], '[string]'],
  [[['a'], ['b', 'c'], 1], '[[string], number]'],
])('the key %s is of the kind %s', (key, kind) => {
  expect(keyKind(key)).toBe(kind)
})

/** The restored state of a backend that had these keys. */
function restoredWith(keys: readonly Key[]): Fixture {
  const before = createFixture()
  for (const key of keys) {
    before.backend.setCurrentKey(key)
    before.value.set({ count: 1 })
  }
  const after = createFixture()
  after.backend.restore(fileOf(before.backend.snapshot()))
  return after
}

describe('the first key after a restore', () => {
  const changes: readonly (readonly [Key, Key, string])[] = [
    ['7', 7, 'number, but the checkpoint holds its state by keys of type string'],
    [7, '7', 'string, but the checkpoint holds its state by keys of type number'],
    [7, 7n, 'bigint, but the checkpoint holds its state by keys of type number'],
    [['a', 7], 'a', 'string, but the checkpoint holds its state by keys of type [string, number]'],
    [
      ['a', 7],
      [7, 'a'],
      '[number, string], but the checkpoint holds its state by keys of type [string, number]',
    ],
  ]

  test.each(changes)('is refused if they were like %s, and it is %s', (before, key, types) => {
    const { backend } = restoredWith([before])

    expect(() => backend.setKeyOfRecord(key)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        message: `operator "op" was given a key of type ${types}`,
      }),
    )
    expect(() => backend.setKeyOfRecord(key)).toThrow('was given a key of type')
  })

  test('may be of any kind that some of them were of', () => {
    const { backend, value } = restoredWith(['a', 'b', 1])

    backend.setKeyOfRecord(1)

    expect(value.get()).toEqual({ count: 1 })
  })

  test('shows by its kind that others are new keys, and not another selector', () => {
    const { backend, value } = restoredWith(['a'])

    backend.setKeyOfRecord('b')
    backend.setKeyOfRecord(1n)

    expect(value.get()).toBeUndefined()
  })

  test('may be of any kind if nothing was restored', () => {
    const { backend } = restoredWith([])

    expect(() => backend.setKeyOfRecord(1n)).not.toThrow()
  })

  test('may be of any kind if they were of several', () => {
    const { backend } = restoredWith([1, 'a'])

    expect(() => backend.setKeyOfRecord(1n)).not.toThrow()
  })
})
