import { describe, expect, test } from 'vitest'
import { compareOutput, isSame } from '../../src/prove/compare.ts'

const lines = (...texts: readonly string[]): readonly { readonly text: string }[] =>
  texts.map((text) => ({ text }))
const none = { lost: [], duplicated: [], altered: [], unexpected: [] }

describe('the comparison of outputs', () => {
  test('does not care for the order, and counts what is there more than once', () => {
    const found = compareOutput(lines('a', 'b', 'b'), lines('b', 'a', 'b'), 'exactly-once')

    expect(found).toEqual(none)
    expect(isSame(found)).toBe(true)
  })

  test('tells what is lost, duplicated and never to be', () => {
    const found = compareOutput(
      lines('a', 'b', 'b', 'c'),
      lines('b', 'c', 'c', 'c', 'd'),
      'exactly-once',
    )

    expect(found).toEqual({
      lost: ['b', 'a'],
      duplicated: ['c', 'c'],
      altered: [],
      unexpected: ['d'],
    })
    expect(isSame(found)).toBe(false)
  })

  test('lets a sink that is at least once repeat records, and not lose them', () => {
    const found = compareOutput(lines('a', 'b'), lines('a', 'a'), 'at-least-once')

    expect(found).toEqual({ ...none, lost: ['b'] })
  })

  test('calls a record of a known key with another content altered', () => {
    const found = compareOutput(
      [
        { key: '1', text: 'one' },
        { key: '2', text: 'two' },
      ],
      [
        { key: '1', text: 'uno' },
        { key: '2', text: 'two' },
        { key: '3', text: 'three' },
      ],
      'exactly-once',
    )

    expect(found).toEqual({ ...none, altered: ['uno in place of one'], unexpected: ['three'] })
  })
})
