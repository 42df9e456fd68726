import { describe, expect, test } from 'vitest'
import {
  isOfEarlierAttempt,
  isOfOtherLineage,
  transactionName,
  writerName,
} from '../../src/sink/transaction-name.ts'

const place = { jobId: 'k3x9q0a1b2', operatorId: 'żółw/rows', attempt: 3, subtask: 1 }

describe('the name of a transaction', () => {
  test('tells job, operator, attempt, subtask and checkpoint in ASCII', () => {
    expect(transactionName(place, 42)).toMatch(/^flinkts_k3x9q0a1b2_[0-9a-f]{8}_3_1_42$/)
  })

  test('fits, as that of the connection does, whatever the numbers and the operator are', () => {
    const longest = {
      jobId: 'k3x9q0a1b2',
      operatorId: 'x'.repeat(5_000),
      attempt: 999_999_999,
      subtask: 32_767,
    }

    expect(transactionName(longest, Number.MAX_SAFE_INTEGER).length).toBeLessThanOrEqual(199)
    expect(writerName(longest).length).toBeLessThanOrEqual(63)
  })

  test('that Postgres would refuse is refused', () => {
    expect(() => transactionName({ ...place, jobId: 'x'.repeat(180) }, 1)).toThrow('199 bytes')
    expect(() => transactionName({ ...place, jobId: 'ż' }, 1)).toThrow('ASCII')
  })

  test.each([
    [{ attempt: 2 }, true],
    [{ attempt: 2, subtask: 7 }, true],
    [{ attempt: 3 }, false],
    [{ attempt: 11 }, false],
    [{ attempt: 2, operatorId: 'other' }, false],
    [{ attempt: 2, jobId: 'k3x9q0a1b' }, false],
  ])('of %j is that of an earlier attempt: %s', (other, expected) => {
    const name = transactionName({ ...place, ...other }, 7)

    expect(isOfEarlierAttempt(name, place)).toBe(expected)
  })

  test('is told from all that only looks like it', () => {
    const name = transactionName({ ...place, attempt: 2 }, 7)

    for (const other of [`${name}_1`, `${name}x`, `x${name}`, name.replace('_2_', '_-2_')]) {
      expect(isOfEarlierAttempt(other, place)).toBe(false)
    }
    expect(isOfEarlierAttempt(writerName({ ...place, attempt: 2 }), place)).toBe(true)
  })

  test('tells another run of the same operator', () => {
    const other = transactionName({ ...place, jobId: 'a' }, 1)

    expect(isOfOtherLineage(other, place)).toBe(true)
    expect(isOfOtherLineage(transactionName(place, 1), place)).toBe(false)
    expect(isOfOtherLineage(transactionName({ ...place, operatorId: 'o' }, 1), place)).toBe(false)
    expect(isOfOtherLineage('by_hand', place)).toBe(false)
  })
})
