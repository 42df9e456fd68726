import { expect, test } from 'vitest'
import type { PostgresCommittable } from '../../src/index.ts'
import { committableSerializer } from '../../src/sink/committable.ts'

const committable: PostgresCommittable = {
  held: 'prepared',
  transaction: 'flinkts_a_01234567_1_0_9',
  jobId: 'a',
  operatorId: 'rows',
  subtask: 0,
  checkpointId: 9,
  rows: 5,
}

test('what is held back comes back from its bytes', () => {
  const bytes = committableSerializer.serialize(committable)

  expect(committableSerializer.deserialize(1, bytes)).toEqual(committable)
})

test('bytes of another version or of something else are refused', () => {
  const bytes = committableSerializer.serialize(committable)
  const other = Buffer.from('{"transaction":"x"}')

  for (const read of [
    () => committableSerializer.deserialize(2, bytes),
    () => committableSerializer.deserialize(1, other),
  ]) {
    expect(read).toThrow(expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }))
  }
})
