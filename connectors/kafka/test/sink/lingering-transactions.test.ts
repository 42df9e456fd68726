import { expect, test } from 'vitest'
import type { TransactionState } from '../../src/protocol/list-transactions.ts'
import { type KnownId, lingeringOf } from '../../src/sink/lingering-transactions.ts'
import { transactionalIdOf } from '../../src/sink/transactional-id.ts'

function known(
  jobId: string,
  [attempt, subtask, slot]: readonly [number, number, number],
  state: TransactionState = 'CompleteCommit',
): KnownId {
  const place = { jobId, attempt, subtask, slot }
  return { ...place, state, producerId: 1, transactionalId: transactionalIdOf('job', place) }
}

const first = { jobId: 'a', attempt: 5, subtask: 0, parallelism: 1 }

test('what earlier attempts have open is ended, and what a later one has is not', () => {
  const all = [
    known('a', [1, 0, 0], 'Ongoing'),
    known('a', [2, 0, 0], 'CompleteAbort'),
    known('a', [3, 0, 0], 'PrepareCommit'),
    known('a', [5, 0, 0], 'Ongoing'),
    known('a', [6, 0, 0], 'Ongoing'),
  ]

  expect(lingeringOf(all, first).ids).toEqual(['job-a-1-0-0', 'job-a-3-0-0'])
})

test('all ids of the last attempt of each subtask are taken over, open or not', () => {
  const all = [
    known('a', [1, 0, 0]),
    known('a', [3, 0, 0]),
    known('a', [3, 0, 1], 'Empty'),
    known('a', [2, 1, 0]),
  ]

  expect(lingeringOf(all, first).ids).toEqual(['job-a-3-0-0', 'job-a-3-0-1', 'job-a-2-1-0'])
})

test('subtasks that there are no more are shared out, each to one', () => {
  const all = [0, 1, 2, 3, 4].map((subtask) => known('a', [1, subtask, 0], 'Ongoing'))

  const shares = [0, 1].map(
    (subtask) => lingeringOf(all, { ...first, subtask, parallelism: 2 }).ids,
  )

  expect(shares).toEqual([
    ['job-a-1-0-0', 'job-a-1-2-0', 'job-a-1-4-0'],
    ['job-a-1-1-0', 'job-a-1-3-0'],
  ])
})

test('what other jobs have open is told, and nothing else of them', () => {
  const all = [known('b', [9, 0, 0], 'Ongoing'), known('b', [1, 0, 1]), known('a', [4, 0, 0])]

  expect(lingeringOf(all, first)).toEqual({ ids: ['job-a-4-0-0'], ofOthers: ['job-b-9-0-0'] })
})
