import { describe, expect, test } from 'vitest'
import { workload } from '../../src/records/kit-record.ts'
import { compareRecords } from '../../src/records/oracle.ts'

const exact = { guarantee: 'exactly-once', order: 'per-split' } as const
const { batches } = workload(7)
const all = batches.flat()
const [first, second, third, ...rest] = all

describe('the records of a seed', () => {
  test('are the same every time, and others than those of another seed', () => {
    expect(workload(7)).toEqual(workload(7))
    expect(workload(8).batches).not.toEqual(batches)
  })

  test('are told apart by their ids', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  })
})

describe('the oracle', () => {
  test('says nothing of what is as it should be', () => {
    expect(compareRecords(all, all, exact)).toEqual([])
  })

  test('names what was lost', () => {
    expect(compareRecords(all, all.slice(1), exact)).toEqual(['1 records lost: 0-0'])
  })

  test('names what is there and was never to be', () => {
    const stranger = { id: '9-9', split: 9, seq: 9, payload: '' }

    expect(compareRecords(all, [...all, stranger], exact)).toEqual([
      '1 records visible and never to be: 9-9',
    ])
  })

  test('names what was altered', () => {
    const altered = all.map((record) => ({ ...record, payload: `${record.payload}!` }))

    expect(compareRecords(all.slice(0, 1), altered.slice(0, 1), exact)).toEqual([
      '1 records altered: 0-0',
    ])
  })

  test('shows a value that was altered', () => {
    const at = { id: '0-0', split: 0, seq: 0, payload: '' }
    const written = [{ ...at, values: { boolean: null, date: '1969-12-31' } }]
    const altered = [{ ...at, values: { boolean: null, date: '1970-01-01' } }]

    expect(compareRecords(written, written, exact)).toEqual([])
    expect(compareRecords(written, altered, exact)).toEqual([
      "1 records altered: 0-0 (date '1969-12-31' came as '1970-01-01')",
    ])
  })

  test('names what is there twice, unless it may be', () => {
    const twice = all.flatMap((record) => (record === first ? [record, record] : [record]))

    expect(compareRecords(all, twice, exact)).toEqual(['1 records repeated: 0-0'])
    expect(compareRecords(all, twice, { ...exact, guarantee: 'at-least-once' })).toEqual([])
  })

  test('names what changed its place in its split, if that is declared', () => {
    const [fourth, ...others] = rest
    const moved = [fourth, second, third, first, ...others].filter((each) => each !== undefined)

    expect(compareRecords(all, moved, exact)).toEqual(['1 records out of order: 0-0'])
    expect(compareRecords(all, moved, { ...exact, order: 'none' })).toEqual([])
  })

  test('shows a few of many', () => {
    expect(compareRecords(all, [], exact)).toEqual([
      expect.stringMatching(/^60 records lost: 0-0, 1-0, .*, …$/),
    ])
  })
})
