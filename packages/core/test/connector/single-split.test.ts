import { describe, expect, test } from 'vitest'
import { singleSplit } from '../../src/connector/single-split.ts'
import type { SplitEnumerator } from '../../src/connector/split-enumerator.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import { contextOf } from '../operators/fixtures.ts'

/** The enumerator, and what it tells the readers. */
function createEnumerator(restored?: boolean): {
  readonly enumerator: SplitEnumerator<SourceSplit, boolean>
  readonly told: readonly string[]
} {
  const told: string[] = []
  const enumerator = singleSplit({ splitId: 'all' }).createEnumerator(
    {
      ...contextOf('source'),
      assignSplit: ({ splitId }, subtask) => void told.push(`${splitId} to ${subtask}`),
      signalNoMoreSplits: (subtask) => void told.push(`no more to ${subtask}`),
      sendSourceEvent: () => {},
      fail: () => {},
    },
    restored,
  )
  return { enumerator, told }
}

describe('the enumerator of a single split', () => {
  test('gives it to the first reader, and none to the others', () => {
    const { enumerator, told } = createEnumerator()

    enumerator.addReader(1, [])
    enumerator.addReader(0, [])
    enumerator.handleSplitRequest(0)

    expect(told).toEqual(['all to 1', 'no more to 1', 'no more to 0'])
  })

  test.each([false, true])('remembers whether a reader has it: %s', (assigned) => {
    const first = createEnumerator()
    if (assigned) first.enumerator.addReader(0, [])
    const { serialize, deserialize, version } = singleSplit({
      splitId: 'all',
    }).enumeratorStateSerializer

    const state = deserialize(version, serialize(first.enumerator.snapshotState(1)))
    const second = createEnumerator(state)
    second.enumerator.addReader(0, [])

    expect(second.told).toEqual(assigned ? ['no more to 0'] : ['all to 0', 'no more to 0'])
  })
})
