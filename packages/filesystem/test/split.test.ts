import { expect, test } from 'vitest'
import { enumeratorStateSerializer } from '../src/enumerator.ts'
import { splitSerializer, splitsOf } from '../src/split.ts'
import { failureOf } from './fixtures.ts'

const split = {
  splitId: 'data/a.jsonl:0-10',
  path: 'data/a.jsonl',
  fileSize: 25,
  start: 0,
  end: 10,
  position: 7,
}

const goldenSplitV1 =
  '{"splitId":"data/a.jsonl:0-10","path":"data/a.jsonl","fileSize":25,' +
  '"start":0,"end":10,"position":7}'

const goldenStateV1 = `{"discovered":[["data/a.jsonl",25]],"pending":[${goldenSplitV1}]}`

test('the splits of a file touch, and cover it', () => {
  expect(splitsOf({ path: 'a', size: 25 }, 10).map(({ start, end }) => [start, end])).toEqual([
    [0, 10],
    [10, 20],
    [20, 25],
  ])
  expect(splitsOf({ path: 'a', size: 20 }, 10)).toHaveLength(2)
  expect(splitsOf({ path: 'a', size: 0 }, 10)).toEqual([])
})

test('the bytes of version 1 of a split are as they were released', () => {
  expect(splitSerializer.version).toBe(1)
  expect(Buffer.from(splitSerializer.serialize(split)).toString()).toBe(goldenSplitV1)
  expect(splitSerializer.deserialize(1, Buffer.from(goldenSplitV1))).toEqual(split)
})

test('the bytes of version 1 of the enumerator state are as they were released', () => {
  const state = { discovered: [['data/a.jsonl', 25]] as const, pending: [split] }

  expect(enumeratorStateSerializer.version).toBe(1)
  expect(Buffer.from(enumeratorStateSerializer.serialize(state)).toString()).toBe(goldenStateV1)
  expect(enumeratorStateSerializer.deserialize(1, Buffer.from(goldenStateV1))).toEqual(state)
})

test('unknown versions and damaged bytes are refused', async () => {
  for (const serializer of [splitSerializer, enumeratorStateSerializer]) {
    const unknown = await failureOf(() => serializer.deserialize(2, Buffer.from('{}')))
    const damaged = await failureOf(() => serializer.deserialize(1, Buffer.from('{"path":1}')))

    expect(unknown.code).toBe('FLINKTS_STATE_UNREADABLE')
    expect(damaged.code).toBe('FLINKTS_STATE_UNREADABLE')
  }
})
