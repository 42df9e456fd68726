import { describe, expect, test } from 'vitest'
import { sequenceAfter, sequenceBefore, sequenceMax } from '../../src/records/sequence.ts'

describe('a sequence number', () => {
  test.each([
    [0, 1, 1],
    [sequenceMax, 0, sequenceMax],
    [sequenceMax, 1, 0],
    [sequenceMax - 1, 1, sequenceMax],
    [sequenceMax - 47, 100, 52],
    [sequenceMax, sequenceMax, sequenceMax - 1],
    [1, sequenceMax, 0],
  ])('%i is followed %i later by %i, and back', (sequence, count, expected) => {
    expect(sequenceAfter(sequence, count)).toBe(expected)
    expect(sequenceBefore(expected, count)).toBe(sequence)
  })
})
