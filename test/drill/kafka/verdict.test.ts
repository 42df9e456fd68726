import { expect, test } from 'vitest'
import { copyOf, judge, type SeenRecord } from './verdict.ts'

const written = [record(0, 0n, 'a'), record(0, 1n, 'b'), record(1, 0n, 'c')]
const copies = written.map((origin, index) =>
  record(origin.partition, BigInt(index), copyOf(origin)),
)
const none = { lost: 0, duplicated: 0, wrong: 0, disordered: 0 }

test('a copy with every record once, in order, is exact', () => {
  expect(judge(written, copies)).toEqual({ faults: none, examples: [] })
})

test('a record that is not there is lost', () => {
  const verdict = judge(written, copies.slice(1))

  expect(verdict.faults).toEqual({ ...none, lost: 1 })
  expect(verdict.examples).toEqual(['lost: there is no copy of the record (partition 0, offset 0)'])
})

test('a record that is there twice is duplicated', () => {
  expect(judge(written, [...copies, ...copies.slice(0, 1)]).faults).toEqual({
    ...none,
    duplicated: 1,
  })
})

test('records of a partition in another order are disordered', () => {
  expect(judge(written, copies.toReversed()).faults).toEqual({ ...none, disordered: 1 })
})

test('another value, or another partition, is wrong and the record lost', () => {
  const altered = [record(0, 0n, '0:0:z'), ...copies.slice(1)]
  const moved = [record(1, 9n, copyOf(record(0, 0n, 'a'))), ...copies.slice(1)]

  expect(judge(written, altered).faults).toEqual({ ...none, wrong: 1, lost: 1 })
  expect(judge(written, moved).faults).toEqual({ ...none, wrong: 1, lost: 1 })
})

function record(partition: number, offset: bigint, value: string): SeenRecord {
  return { partition, offset, value }
}
