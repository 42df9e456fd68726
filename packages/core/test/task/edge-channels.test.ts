import { describe, expect, test } from 'vitest'
import { receiversOf } from '../../src/task/edge-channels.ts'

/** For each sender its receivers. */
function pairsOf(from: number, to: number): readonly (readonly number[])[] {
  return Array.from({ length: from }, (_, sender) => {
    const { first, count } = receiversOf('rescale', sender, { from, to })
    return Array.from({ length: count }, (_receiver, index) => first + index)
  })
}

describe('the channels of an edge', () => {
  test.each([
    [
      2,
      6,
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [6, 2, [[0], [0], [0], [1], [1], [1]]],
    [2, 3, [[0, 1], [2]]],
    [3, 2, [[0], [1], [1]]],
    [3, 3, [[0], [1], [2]]],
    [1, 4, [[0, 1, 2, 3]]],
    [4, 1, [[0], [0], [0], [0]]],
  ])('pair %i subtasks with %i when rescaled', (from, to, expected) => {
    expect(pairsOf(from, to)).toEqual(expected)
  })

  test('give every subtask a sender, and differ by one at most, when rescaled', () => {
    for (let from = 1; from <= 12; from += 1) {
      for (let to = 1; to <= 12; to += 1) {
        const pairs = pairsOf(from, to)
        const receivers = new Set(pairs.flat())
        const counts = pairs.map((own) => own.length)
        expect([...receivers].toSorted((left, right) => left - right)).toEqual(
          Array.from({ length: to }, (_, index) => index),
        )
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        expect(pairs.flat()).toHaveLength(Math.max(from, to))
      }
    }
  })

  test('lead to one subtask or to all otherwise', () => {
    const parallelism = { from: 3, to: 3 }

    expect(receiversOf('forward', 2, parallelism)).toEqual({ first: 2, count: 1 })
    expect(receiversOf('shuffle', 2, parallelism)).toEqual({ first: 0, count: 3 })
    expect(receiversOf('global', 2, parallelism)).toEqual({ first: 0, count: 3 })
  })
})
