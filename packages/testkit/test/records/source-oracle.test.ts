import { describe, expect, test } from 'vitest'
import type { Emitted } from '../../src/engine/source/source-checkpoint.ts'
import { type KitRecord, truncation, workload } from '../../src/records/kit-record.ts'
import { caughtUp, compareEmitted } from '../../src/records/source-oracle.ts'

const exact = { perSplitOrder: true, snapshotThenStream: false }
const snapshot = { perSplitOrder: true, snapshotThenStream: true }
const written = workload(3).batches.flat()
const [first, second, third] = written as [KitRecord, KitRecord, KitRecord]
const deleted: KitRecord = { ...first, operation: 'delete' }
const changed: KitRecord = { ...first, payload: 'changed' }

function from(records: readonly KitRecord[], splitId = 'a'): readonly Emitted[] {
  return records.map((record) => ({ splitId, record }))
}

describe('the oracle of sources', () => {
  test('says nothing of what is as it should be', () => {
    expect(compareEmitted(written, from(written), exact)).toEqual([])
  })

  test('names what was lost', () => {
    expect(compareEmitted(written, from(written.slice(1)), exact)).toEqual(['1 records lost: 0-0'])
  })

  test('names what was emitted twice', () => {
    expect(compareEmitted(written, from([...written, first]), exact)).toEqual([
      '1 records repeated: 0-0',
    ])
  })

  test('names what was altered, which is lost too', () => {
    expect(compareEmitted([first, second], from([changed, second]), exact)).toEqual([
      '1 records lost: 0-0',
      '1 records altered: 0-0',
    ])
  })

  test('shows a value that was altered', () => {
    const wanted: KitRecord = { ...first, values: { bigint: 2n ** 53n + 1n } }
    const rounded: KitRecord = { ...first, values: { bigint: 2n ** 53n } }

    expect(compareEmitted([wanted], from([wanted]), exact)).toEqual([])
    expect(compareEmitted([wanted], from([rounded]), exact)).toEqual([
      '1 records lost: 0-0',
      '1 records altered: 0-0 (bigint 9007199254740993n came as 9007199254740992n)',
    ])
  })

  test('names what nobody wrote', () => {
    expect(compareEmitted([first], from([first, second]), exact)).toEqual([
      '1 records emitted and never written: 1-0',
    ])
  })

  test('names what moved within a split of the source, and looks at no other', () => {
    const later = { ...first, id: '0-1', seq: 1 }

    expect(compareEmitted([first, later], from([later, first]), exact)).toEqual([
      '1 records out of order: 0-0',
    ])
    expect(
      compareEmitted([first, later], [...from([later], 'a'), ...from([first], 'b')], exact),
    ).toEqual([])
  })

  test('wants the changes of one id each, in their order', () => {
    const history = [first, changed, deleted]

    expect(compareEmitted(history, from(history), exact)).toEqual([])
    expect(compareEmitted(history, from([first, deleted]), exact)).toEqual(['1 records lost: 0-0'])
    expect(compareEmitted(history, from([first, deleted, changed]), exact)).toEqual([
      '1 records lost: 0-0',
      '1 records repeated: 0-0',
    ])
  })

  test('counts truncations, and wants each in its place', () => {
    const later = { ...first, id: '0-1', seq: 1 }
    const history = [first, truncation, later, truncation]

    expect(compareEmitted(history, from(history), exact)).toEqual([])
    expect(compareEmitted(history, from([first, later, truncation]), exact)).toEqual([
      '1 records lost: truncate-2',
      '1 records out of order: truncate-1',
    ])
    expect(compareEmitted(history, from([...history, truncation]), exact)).toEqual([
      '1 records emitted and never written: truncate-3',
    ])
  })

  test('lets a snapshot leave out all but the last before it', () => {
    expect(compareEmitted([first, changed], from([changed]), snapshot)).toEqual([])
    expect(compareEmitted([first, deleted], [], snapshot)).toEqual([])
    expect(compareEmitted([first, deleted], from([first]), snapshot)).toEqual([
      '1 records lost: 0-0',
    ])
  })
})

describe('a source has caught up', () => {
  test('when the last of each id was emitted', () => {
    expect(caughtUp([first, second], from([first, second]))).toBe(true)
    expect(caughtUp([first, second, third], from([first, second]))).toBe(false)
    expect(caughtUp([first, changed], from([first]))).toBe(false)
    expect(caughtUp([first, deleted], from([first, deleted]))).toBe(true)
    expect(caughtUp([truncation, truncation], from([truncation]))).toBe(false)
  })
})
