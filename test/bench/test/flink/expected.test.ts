import { expect, test } from 'vitest'
import { EventGenerator, initialState } from '../../../golden/event-generator.ts'
import type { Event } from '../../../golden/event.ts'
import { readGoldenText } from '../../../golden/manifest.ts'
import { canonicalText } from '../../../golden/output.ts'
import { expectedOf, fulfils, hottestOf } from '../../flink/expected.ts'
import type { Load } from '../../flink/load.ts'
import { windowSizeMs } from '../../flink/windows.ts'

const load: Load = {
  job: 'tumble',
  keyCount: 10,
  parallelism: 1,
  checkpointIntervalMs: undefined,
  events: undefined,
  meter: undefined,
  repeatable: true,
}

function* events(count: number): Iterable<Event> {
  const generator = new EventGenerator(initialState(42))
  for (let index = 0; index < count; index += 1) yield generator.next()
}

test('the plain loop of the hottest auctions gives what Flink gave', () => {
  const rows = hottestOf(events(100_000))
  const lines = rows.map(({ key, end, count }, index) => {
    const rank = 1 + index - rows.findIndex((row) => row.end === end)
    return `${end - windowSizeMs}|${end}|${rank}|${key}|${count}`
  })

  expect(canonicalText(lines)).toBe(readGoldenText('b_hot_top3'))
})

test('windows of uniform keys hold a million bids of each subtask', () => {
  const one = expectedOf(load, [2_000_001])
  const two = expectedOf(load, [1_000_000, 1_000_001])

  expect([one.recordsMin, one.recordsMax]).toEqual([21, 21])
  expect([two.recordsMin, two.recordsMax]).toEqual([11, 11])
})

test('counts of keys do not depend on how subtasks share them', () => {
  const keys: Load = { ...load, job: 'keys' }

  expect(expectedOf(keys, [1000])).toEqual(expectedOf(keys, [500, 500]))
})

test('late bids may change which auctions are the hottest, but not how many', () => {
  const hot: Load = { ...load, job: 'hot', repeatable: false }
  const expected = expectedOf(hot, [200_000])
  const { recordsMax: records } = expectedOf({ ...hot, repeatable: true }, [200_000])

  expect(fulfils({ records, sum: 1 }, expected)).toBe(true)
  expect(fulfils({ records: records - 100, sum: 1 }, expected)).toBe(false)
  expect(fulfils({ records: records + 100, sum: 1 }, expected)).toBe(false)
})
