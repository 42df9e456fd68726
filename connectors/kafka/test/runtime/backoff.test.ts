import { describe, expect, test } from 'vitest'
import { backoffMs } from '../../src/runtime/backoff.ts'

const range = { minMs: 100, maxMs: 1_000 }

describe('backoffMs', () => {
  test('doubles up to the longest pause', () => {
    const pauses = [1, 2, 3, 4, 5, 100].map((count) => backoffMs(range, count, () => 0.5))

    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  test('varies by a fifth, and never beyond the longest pause', () => {
    expect(backoffMs(range, 1, () => 0)).toBe(80)
    expect(backoffMs(range, 1, () => 1)).toBeCloseTo(120)
    expect(backoffMs(range, 9, () => 0)).toBe(800)
    expect(backoffMs(range, 9, () => 1)).toBe(1_000)
  })
})
