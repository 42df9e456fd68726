import { expect, test } from 'vitest'
import { committableSerializer } from '../src/committable.ts'
import { failureOf } from './fixtures.ts'

const committable = {
  path: 'country=DE/part-0000000042-0003-00000-out-k3x-2.jsonl',
  token: 'country=DE/.k3x-2-3-0-out.inprogress',
  size: 9_007_199_254_740_991,
  records: 2,
}

const goldenV1 =
  '{"path":"country=DE/part-0000000042-0003-00000-out-k3x-2.jsonl",' +
  '"token":"country=DE/.k3x-2-3-0-out.inprogress","size":9007199254740991,"records":2}'

test('the bytes of version 1 are as they were released', () => {
  expect(committableSerializer.version).toBe(1)
  expect(Buffer.from(committableSerializer.serialize(committable)).toString()).toBe(goldenV1)
  expect(committableSerializer.deserialize(1, Buffer.from(goldenV1))).toEqual(committable)
})

test.each([
  ['an unknown version', 2, goldenV1],
  ['no JSON', 1, 'x'],
  ['a missing field', 1, '{"path":"a","token":"b","size":1}'],
])('%s is refused', async (_name, version, text) => {
  const failure = await failureOf(() =>
    committableSerializer.deserialize(version, Buffer.from(text)),
  )

  expect(failure.code).toBe('FLINKTS_STATE_UNREADABLE')
})
