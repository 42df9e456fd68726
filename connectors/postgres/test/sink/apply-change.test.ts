import { describe, expect, test } from 'vitest'
import { applyChange } from '../../src/index.ts'
import type { Change } from '../../src/index.ts'

function change(parts: Partial<Change>): Change {
  return {
    operation: 'insert',
    before: undefined,
    after: undefined,
    key: undefined,
    unchanged: undefined,
    source: {
      table: 'public.items',
      lsn: '0/1',
      position: 0,
      transactionId: 1,
      commitTime: undefined,
    },
    schema: undefined,
    ...parts,
  }
}

const row = { id: 1n, name: 'a' }
const key = { id: 1n }

describe('a change of a captured table', () => {
  test.each(['snapshot', 'insert', 'update'] as const)(
    'of a row, "%s", is an upsert',
    (operation) => {
      expect(applyChange(change({ operation, after: row, key }))).toEqual([
        { operation: 'upsert', row },
      ])
    },
  )

  test('that deletes deletes by key, and not by the whole row', () => {
    expect(applyChange(change({ operation: 'delete', before: row, key }))).toEqual([
      { operation: 'delete', key },
    ])
  })

  test('of another key deletes the old one', () => {
    const after = { id: 2n, name: 'a' }
    const moved = change({ operation: 'update', before: row, after, key: { id: 2n } })

    expect(applyChange(moved)).toEqual([
      { operation: 'delete', key },
      { operation: 'upsert', row: after },
    ])
  })

  test.each([1n, 'x', new Uint8Array([1])])(
    'that shows the whole row before, with the same key, is an upsert: %o',
    (id) => {
      const before = { id, name: 'a' }
      const after = { id: id instanceof Uint8Array ? Uint8Array.from(id) : id, name: 'b' }

      const changed = change({ operation: 'update', before, after, key: { id: after.id } })

      expect(applyChange(changed)).toEqual([{ operation: 'upsert', row: after }])
    },
  )

  test('of a large value that stayed as it was leaves it out', () => {
    const unchanged = ['name']

    expect(applyChange(change({ operation: 'update', after: key, key, unchanged }))).toEqual([
      { operation: 'upsert', row: key },
    ])
  })

  test('of another key that leaves out a large value is refused', () => {
    const after = { id: 2n }
    const moved = change({ operation: 'update', before: key, after, key: after })

    expect(() => applyChange({ ...moved, unchanged: ['name'] })).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_VALUE_MISSING' }),
    )
  })

  test('of its columns changes no row', () => {
    expect(applyChange(change({ operation: 'schema', schema: [] }))).toEqual([])
  })

  test('that truncates it is refused', () => {
    expect(() => applyChange(change({ operation: 'truncate' }))).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_TRUNCATED' }),
    )
  })
})
