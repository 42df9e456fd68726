import { expect, test } from 'vitest'
import { paceOf } from '../../kafka/topic-progress.ts'

test('the pace leaves out the start and the end, the whole does not', () => {
  const seen = [
    { ms: 0, written: 0, committed: 0 },
    { ms: 1000, written: 50, committed: 50 },
    { ms: 2000, written: 100, committed: 50 },
    { ms: 4000, written: 900, committed: 51 },
    { ms: 5000, written: 1003, committed: 1003 },
  ]

  expect(paceOf(seen, 1000)).toEqual({
    firstCommitMs: 1000,
    recordsPerSecond: 200,
    steadyPerSecond: 400,
  })
})

test('what never came has no pace', () => {
  expect(paceOf([{ ms: 0, written: 0, committed: 0 }], 10)).toEqual({
    firstCommitMs: Number.NaN,
    recordsPerSecond: Number.NaN,
    steadyPerSecond: Number.NaN,
  })
})
