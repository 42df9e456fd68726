import { expect, test } from 'vitest'
import { paceOf } from '../../kafka/topic-progress.ts'

test('the pace leaves out the start and the end, the whole does not', () => {
  const seen = [
    { ms: 0, records: 0 },
    { ms: 1000, records: 50 },
    { ms: 2000, records: 100 },
    { ms: 4000, records: 900 },
    { ms: 5000, records: 1003 },
  ]

  expect(paceOf(seen, 1000)).toEqual({
    firstCommitMs: 1000,
    recordsPerSecond: 200,
    steadyPerSecond: 400,
  })
})

test('what never came has no pace', () => {
  expect(paceOf([{ ms: 0, records: 0 }], 10)).toEqual({
    firstCommitMs: Number.NaN,
    recordsPerSecond: Number.NaN,
    steadyPerSecond: Number.NaN,
  })
})
