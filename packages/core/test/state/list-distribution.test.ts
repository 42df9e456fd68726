import { describe, expect, test } from 'vitest'
import { distributeLists } from '../../src/state/list-distribution.ts'
import {
  itemsOf,
  type ListDistribution,
  type OperatorStateList,
} from '../../src/state/operator-state.ts'

function listOf(
  name: string,
  distribution: ListDistribution,
  ...texts: readonly string[]
): OperatorStateList {
  const items = texts.map((text) => ({ version: 1, bytes: new TextEncoder().encode(text) }))
  return { name, distribution, items }
}

/** The texts of one list, by subtask. */
function textsOf(
  subtasks: readonly (readonly OperatorStateList[])[],
  name: string,
): readonly (readonly string[])[] {
  return subtasks.map((lists) =>
    itemsOf(lists, name).map(({ bytes }) => new TextDecoder().decode(bytes)),
  )
}

const two = [
  [
    listOf('queue', 'split', 'a', 'b', 'c'),
    listOf('known', 'union', 'u'),
    listOf('rules', 'broadcast', 'copy 0'),
  ],
  [
    listOf('queue', 'split', 'd', 'e'),
    listOf('known', 'union', 'v'),
    listOf('rules', 'broadcast', 'copy 1'),
  ],
]

describe('the lists of an operator', () => {
  test('C51: from two subtasks to three, items are split, united and copied', () => {
    const three = distributeLists(two, 3)

    expect(textsOf(three, 'queue')).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect(textsOf(three, 'known')).toEqual([
      ['u', 'v'],
      ['u', 'v'],
      ['u', 'v'],
    ])
    expect(textsOf(three, 'rules')).toEqual([['copy 0'], ['copy 1'], ['copy 0']])
  })

  test('C51: from three subtasks to two, nothing is lost and nothing is there twice', () => {
    const back = distributeLists(distributeLists(two, 3), 2)

    expect(textsOf(back, 'queue')).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ])
    expect(textsOf(back, 'rules')).toEqual([['copy 0'], ['copy 1']])
  })

  test('stay where they are if the parallelism is the same', () => {
    expect(textsOf(distributeLists(two, 2), 'queue')).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ])
  })

  test('give the longer parts of different lists to different subtasks', () => {
    const one = [[listOf('a', 'split', 'a'), listOf('b', 'split', 'b'), listOf('c', 'split', 'c')]]

    const three = distributeLists(one, 3)

    expect(textsOf(three, 'a')).toEqual([['a'], [], []])
    expect(textsOf(three, 'b')).toEqual([[], ['b'], []])
    expect(textsOf(three, 'c')).toEqual([[], [], ['c']])
  })

  test('are distributed the same in whatever order they are', () => {
    const reversed = two.map((lists) => lists.toReversed())

    expect(distributeLists(reversed, 3)).toEqual(distributeLists(two, 3))
  })

  test('of an operator without subtasks are none', () => {
    expect(distributeLists([], 2)).toEqual([[], []])
  })
})
