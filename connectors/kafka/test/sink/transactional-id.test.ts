import { expect, test } from 'vitest'
import { parseTransactionalId, transactionalIdOf } from '../../src/sink/transactional-id.ts'

test('recognises the ids that it makes', () => {
  const id = transactionalIdOf('job1', { subtask: 12, slot: 3 })

  expect([id, parseTransactionalId('job1', id)]).toEqual(['job1-12-3', { subtask: 12, slot: 3 }])
})

test.each(['job10-0-0', 'job1-x-0-0', 'job1-0', 'job1-0-0-0', 'job1-00-0', 'job1-0-0 ', 'job-0-0'])(
  'takes "%s" for none of the prefix "job1"',
  (id) => {
    expect(parseTransactionalId('job1', id)).toBeUndefined()
  },
)
