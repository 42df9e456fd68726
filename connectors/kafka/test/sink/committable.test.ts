import { expect, test } from 'vitest'
import { committableSerializer, type KafkaCommittable } from '../../src/sink/committable.ts'

const committable: KafkaCommittable = {
  v: 1,
  clusterId: 'c1',
  transactionalId: 'shop-0-1',
  producerId: 2 ** 40,
  producerEpoch: 32_767,
  checkpointId: 9,
  marker: { groupId: 'shop-commits-k3x9-0', topic: 'orders', partition: 3 },
  records: 12,
  startedAtMs: 1_700_000_000_000,
  timeoutMs: 900_000,
}
const bytesOf = (value: object): Uint8Array => Buffer.from(JSON.stringify(value))

test('reads what it wrote', () => {
  const bytes = committableSerializer.serialize(committable)

  expect(committableSerializer.deserialize(1, bytes)).toEqual(committable)
})

test('reads the bytes of version 1', () => {
  expect(committableSerializer.deserialize(1, bytesOf(committable))).toEqual(committable)
})

test.each([
  ['another version inside', { v: 2 }],
  ['no records', { records: 0 }],
  ['no cluster', { clusterId: '' }],
])('refuses %s', (_what, change) => {
  expect(() =>
    committableSerializer.deserialize(1, bytesOf({ ...committable, ...change })),
  ).toThrow(expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }))
})
