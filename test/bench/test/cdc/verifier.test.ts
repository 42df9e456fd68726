import { describe, expect, test } from 'vitest'
import type { OutputEvent, OutputRow } from '../../cdc/output-event.ts'
import {
  faultCount,
  type FinalRow,
  type Truth,
  type TrueChange,
  type Verdict,
  Verifier,
} from '../../cdc/verifier.ts'

/** Row 1 stays, row 2 is updated twice, row 3 is deleted, row 4 is inserted. */
const changes: readonly TrueChange[] = [
  { seq: 1, operation: 'u', id: 2 },
  { seq: 2, operation: 'd', id: 3 },
  { seq: 3, operation: 'c', id: 4 },
  { seq: 4, operation: 'u', id: 2 },
]
const truth: Truth = { rows: 3, changes, mergeableSeq: 0 }
const finalRows: readonly FinalRow[] = [
  { id: 1, ...row('s1:') },
  { id: 2, ...row('c4:') },
  { id: 4, ...row('c3:') },
]

function row(note: string, other: Partial<OutputRow> = {}): OutputRow {
  const payload = '{"a": 1, "b": [true]}'
  const createdAt = '2024-01-01T00:00:01.000007'
  return { customerId: '7', amount: '1.50', status: 'new', note, createdAt, payload, ...other }
}

function read(id: number, note = `s${id}:`): OutputEvent {
  return { operation: 'read', id, row: row(note) }
}

const complete: readonly OutputEvent[] = [
  read(1),
  read(2),
  read(3),
  { operation: 'update', id: 2, row: row('c1:') },
  { operation: 'delete', id: 3, row: undefined },
  { operation: 'insert', id: 4, row: row('c3:') },
  { operation: 'update', id: 2, row: row('c4:') },
]

function verdictOf(events: readonly OutputEvent[], changed: Partial<Truth> = {}): Verdict {
  const verifier = new Verifier({ ...truth, ...changed })
  for (const event of events) verifier.add(event)
  for (const final of finalRows) verifier.compare(final)
  return verifier.finish()
}

function without(index: number): readonly OutputEvent[] {
  return complete.filter((_, other) => other !== index)
}

const perfect: Verdict = {
  events: 7,
  malformed: 0,
  unexpected: 0,
  lost: 0,
  merged: 0,
  duplicated: 0,
  ghosts: 0,
  missing: 0,
  stale: 0,
  wrongValues: {},
  examples: [],
}

test('finds nothing in a complete output', () => {
  const verdict = verdictOf(complete)

  expect(verdict).toEqual(perfect)
  expect(faultCount(verdict)).toBe(0)
})

describe('a fault', () => {
  test.each<[string, readonly OutputEvent[], Partial<Verdict>]>([
    ['a row of the start that is absent', without(0), { lost: 1, missing: 1 }],
    ['an update that is absent', without(3), { lost: 1 }],
    ['the last update, absent', without(6), { lost: 1, stale: 1 }],
    ['a delete that is absent', without(4), { lost: 1, ghosts: 1 }],
    ['an insert that is absent', without(5), { lost: 1, missing: 1 }],
    ['a row that comes twice', [read(1), ...complete], { duplicated: 1 }],
    ['a change that comes twice', [...complete, complete[6] ?? read(1)], { duplicated: 1 }],
    ['changes in another order', [...without(3), complete[3] ?? read(1)], { stale: 1 }],
    ['a row that never was', [...complete, read(9)], { unexpected: 1, ghosts: 1 }],
    ['a note of another row', [...complete, read(1, 'c1:')], { unexpected: 1, stale: 1 }],
    [
      'a delete that never was',
      [...complete, { operation: 'delete', id: 1, row: undefined }],
      {
        unexpected: 1,
        missing: 1,
      },
    ],
    [
      'an update told as an insert',
      [...without(6), { operation: 'insert', id: 2, row: row('c4:') }],
      {
        unexpected: 1,
        lost: 1,
      },
    ],
  ])('is %s', (_name, events, expected) => {
    const verdict = verdictOf(events)

    expect(verdict).toEqual({
      ...perfect,
      ...expected,
      events: events.length,
      examples: verdict.examples,
    })
    expect(verdict.examples).not.toEqual([])
    expect(faultCount(verdict)).toBeGreaterThan(0)
  })

  test('is a line that cannot be read', () => {
    const verifier = new Verifier({ rows: 0, changes: [], mergeableSeq: 0 })

    verifier.addMalformed('{"torn')

    expect(verifier.finish().malformed).toBe(1)
  })

  test.each<[string, Partial<OutputRow>]>([
    ['amount', { amount: '1.5' }],
    ['createdAt', { createdAt: '2024-01-01T00:00:01.000Z' }],
    ['payload', { payload: { a: 1, b: [false] } }],
    ['note', { note: 's1:x' }],
  ])('is a wrong value of %s', (name, value) => {
    const verdict = verdictOf([{ operation: 'read', id: 1, row: row('s1:', value) }, ...without(0)])

    expect(verdict.wrongValues).toEqual({ [name]: 1 })
    expect(faultCount(verdict)).toBe(1)
  })
})

test('takes the same timestamp and the same JSON in any form', () => {
  const same = { createdAt: '2024-01-01 00:00:01.000007+00', payload: { b: [true], a: 1 } }

  const verdict = verdictOf([{ operation: 'read', id: 1, row: row('s1:', same) }, ...without(0)])

  expect(faultCount(verdict)).toBe(0)
})

describe('changes made before the snapshot was read to its end', () => {
  test('may be merged into it', () => {
    // All four were made meanwhile; row 2 was read with its last change, row 3 never.
    const events = [read(1), read(2, 'c4:'), read(4, 'c3:')]

    const verdict = verdictOf(events, { mergeableSeq: 4 })

    // Rows 2 and 3 as they were at the start, change 1 of row 2 and the delete of row 3.
    expect(verdict).toMatchObject({ merged: 4, lost: 0 })
    expect(faultCount(verdict)).toBe(0)
  })

  test('are lost if they were made after it', () => {
    const verdict = verdictOf([read(1), read(2, 'c4:'), read(4, 'c3:')], { mergeableSeq: 2 })

    expect(verdict.lost).toBeGreaterThan(0)
  })

  test('are lost if the stream went on without them', () => {
    const events = complete.filter((_, index) => index !== 3)

    expect(verdictOf(events, { mergeableSeq: 4 })).toMatchObject({ lost: 1, merged: 0 })
  })
})
