import { expect, test } from 'vitest'
import { parseTransactionalId, transactionalIdOf } from '../../src/sink/transactional-id.ts'

test.each(['job1', 'job-7', 'job-7-8-9-1'])('recognises the ids of the prefix "%s"', (prefix) => {
  const place = { jobId: 'k3x9', attempt: 41, subtask: 12, slot: 3 }
  const id = transactionalIdOf(prefix, place)

  expect([id, parseTransactionalId(prefix, id)]).toEqual([`${prefix}-k3x9-41-12-3`, place])
})

test.each([
  'job10-k3x9-1-0-0',
  'job1-x-k3x9-1-0-0',
  'job1-7-k3x9-1-0-0',
  'job1-1-0-0',
  'job1-k3x9-1-0-0-0',
  'job1-k3x9-01-0-0',
  'job1-K3X9-1-0-0',
  'job1-k3x9-1-0-0 ',
  'job-k3x9-1-0-0',
])('takes "%s" for none of the prefix "job1"', (id) => {
  expect(parseTransactionalId('job1', id)).toBeUndefined()
})
