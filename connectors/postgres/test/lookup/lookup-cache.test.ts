import { expect, test } from 'vitest'
import { LookupCache } from '../../src/lookup/lookup-cache.ts'

const rows = [{ id: 1 }]
const options = { keysMax: 2, ttlMs: 100, absentTtlMs: 10 }

test('gives what was found until it is too old, counted from when it was asked for', () => {
  const cache = new LookupCache(options)
  cache.set('a', rows, 1000)

  expect(cache.get('a', 1099)).toBe(rows)
  expect(cache.get('a', 1100)).toBeUndefined()
  expect(cache.size).toBe(0)
})

test('keeps the absence of rows for a time of its own', () => {
  const cache = new LookupCache(options)
  cache.set('a', [], 1000)

  expect(cache.get('a', 1009)).toEqual([])
  expect(cache.get('a', 1010)).toBeUndefined()
})

test('forgets rows that are gone even if their absence is not kept', () => {
  const cache = new LookupCache({ ...options, absentTtlMs: 0 })
  cache.set('a', rows, 1000)
  cache.set('a', [], 1001)

  expect(cache.get('a', 1002)).toBeUndefined()
})

test('holds no more keys than allowed, and lets go of the one not asked for longest', () => {
  const cache = new LookupCache(options)
  cache.set('a', rows, 0)
  cache.set('b', rows, 0)
  cache.get('a', 1)
  cache.set('c', rows, 1)

  expect(cache.size).toBe(2)
  expect(cache.get('b', 1)).toBeUndefined()
  expect(cache.get('a', 1)).toBe(rows)
})
