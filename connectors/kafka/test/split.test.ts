import { expect, test } from 'vitest'
import { type KafkaSplit, splitSerializer } from '../src/split.ts'
import { type EnumeratorState, enumeratorStateSerializer } from '../src/state/enumerator-state.ts'

const split: KafkaSplit = {
  splitId: 'orders:3',
  topic: 'orders',
  topicId: 'Zm9vYmFyYmF6cXV4MTIzNA',
  partition: 3,
  nextOffset: 2 ** 40,
  leaderEpoch: 5,
  stopOffset: 2 ** 41,
}

const state: EnumeratorState = {
  partitions: [
    {
      topic: 'orders',
      topicId: 'Zm9vYmFyYmF6cXV4MTIzNA',
      partition: 3,
      initial: true,
      resolved: true,
    },
    { topic: 'orders', partition: 4, initial: false, resolved: false },
  ],
  unassigned: [split],
}

/** Bytes of version 1: they are in checkpoints and must be read for ever. */
const golden = {
  split:
    '{"splitId":"orders:3","topic":"orders","topicId":"Zm9vYmFyYmF6cXV4MTIzNA","partition":3,' +
    '"nextOffset":1099511627776,"leaderEpoch":5,"stopOffset":2199023255552}',
  partitions:
    '"partitions":[{"topic":"orders","topicId":"Zm9vYmFyYmF6cXV4MTIzNA","partition":3,' +
    '"initial":true,"resolved":true},{"topic":"orders","partition":4,"initial":false,' +
    '"resolved":false}]',
}

test('reads and writes the bytes of version 1 of a split', () => {
  const bytes = splitSerializer.serialize(split)

  expect(Buffer.from(bytes).toString()).toBe(golden.split)
  expect(splitSerializer.deserialize(1, Buffer.from(golden.split))).toEqual(split)
})

test('reads and writes the bytes of version 1 of the enumerator', () => {
  const text = `{${golden.partitions},"unassigned":[${golden.split}]}`

  expect(Buffer.from(enumeratorStateSerializer.serialize(state)).toString()).toBe(text)
  expect(enumeratorStateSerializer.deserialize(1, Buffer.from(text))).toEqual(state)
})

test.each([
  ['another version', 2, golden.split],
  ['bytes that are no JSON', 1, '{'],
  ['JSON of something else', 1, '{"splitId":"a:0"}'],
])('refuses %s', (_what, version, text) => {
  expect(() => splitSerializer.deserialize(version, Buffer.from(text))).toThrow(
    expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
  )
})
