import { describe, expect, test } from 'vitest'
import { PendingRows } from '../../src/sink/pending-rows.ts'
import type { RowBatch } from '../../src/sink/row-batch.ts'
import type { TargetColumn, TargetTable } from '../../src/sink/target-table.ts'

function column(name: string, required = false): TargetColumn {
  return {
    name,
    type: 'text',
    required,
    generated: false,
    fixed: false,
    plainType: 'text',
    inArray: 'text[]',
    encode: (value) => `${value as string | number}`,
  }
}

function target(table: string): TargetTable {
  return {
    table,
    kind: 'table',
    logged: true,
    guarded: false,
    rights: new Set(),
    columns: new Map(['id', 'a', 'b'].map((name) => [name, column(name)])),
    uniqueKeys: [{ primary: true, columns: ['id'] }],
  }
}

const items = target('public.items')
const others = target('public.others')

/** What is sent, in short: operation, table, columns and values. */
function said(batches: readonly RowBatch[]): readonly string[] {
  return batches.map((batch) => {
    const rows = batch.operation === 'insert' ? batch.text.trimEnd() : batch.values.join(' ')
    return `${batch.operation} ${batch.table.slice(7)}(${batch.columns.join()}): ${rows}`
  })
}

describe('rows that are written by key', () => {
  test('are one array for each column', () => {
    const rows = new PendingRows(undefined)

    rows.add(items, 'upsert', { id: 1, a: 'x,y "z" \\' })
    rows.add(items, 'upsert', { id: 2, a: null })
    rows.add(items, 'upsert', { id: 3, a: 'Null' })
    rows.add(items, 'upsert', { id: 4, a: '' })

    expect(rows.take()).toEqual([
      {
        operation: 'upsert',
        table: 'public.items',
        key: ['id'],
        columns: ['id', 'a'],
        rows: 4,
        values: ['{1,2,3,4}', String.raw`{"x,y \"z\" \\",NULL,"Null",""}`],
      },
    ])
  })

  test('come to their last change', () => {
    const rows = new PendingRows(undefined)

    rows.add(items, 'upsert', { id: 1, a: 'old' })
    rows.add(items, 'upsert', { id: 2, a: 'gone' })
    rows.add(items, 'upsert', { id: 1, a: 'new' })
    rows.add(items, 'delete', { id: 2, a: 'any' })

    expect(said(rows.take())).toEqual(['delete items(id): {2}', 'upsert items(id,a): {1} {new}'])
  })

  test('keep what an upsert before has set, and leave it out if a deletion was between', () => {
    const rows = new PendingRows(undefined)

    rows.add(items, 'upsert', { id: 1, a: 'x' })
    rows.add(items, 'upsert', { id: 1, b: 'y' })
    rows.add(items, 'upsert', { id: 2, a: 'x' })
    rows.add(items, 'delete', { id: 2 })
    rows.add(items, 'upsert', { id: 2, b: 'y' })

    expect(said(rows.take())).toEqual([
      'delete items(id): {2}',
      'upsert items(id,b,a): {1} {y} {x}',
      'upsert items(id,b): {2} {y}',
    ])
  })

  test('of the same columns are one batch, in whatever order they come', () => {
    const rows = new PendingRows(undefined)

    for (const id of [1, 3]) {
      rows.add(items, 'upsert', { id, a: 'x' })
      rows.add(items, 'upsert', { id: id + 1, b: 'y' })
    }

    expect(said(rows.take())).toEqual([
      'upsert items(id,a): {1,3} {x,x}',
      'upsert items(id,b): {2,4} {y,y}',
    ])
  })

  test('stay behind inserts that came before, and before those that come after', () => {
    const rows = new PendingRows(undefined)

    rows.add(items, 'insert', { id: 1 })
    rows.add(others, 'insert', { id: 8 })
    rows.add(items, 'delete', { id: 1 })
    rows.add(items, 'insert', { id: 1 })
    rows.add(others, 'insert', { id: 9 })

    expect(said(rows.take())).toEqual([
      'insert items(id): 1',
      'delete items(id): {1}',
      'insert others(id): 8\n9',
      'insert items(id): 1',
    ])
  })

  test('take no more room when they are written again', () => {
    const rows = new PendingRows(undefined)
    rows.add(items, 'upsert', { id: 1, a: 'x' })
    const before = rows.characters

    for (let times = 0; times < 10; times += 1) rows.add(items, 'upsert', { id: 1, a: 'y' })

    expect(rows.characters).toBe(before)
    rows.take()
    expect([rows.characters, rows.take()]).toEqual([0, []])
  })
})

describe('a record without its key', () => {
  test.each([{ a: 'x' }, { id: undefined, a: 'x' }, { id: null, a: 'x' }])(
    'is refused: %j',
    (row) => {
      const rows = new PendingRows(undefined)
      const wrong: unknown = expect.objectContaining({ code: 'FLINKTS_POSTGRES_VALUE_INVALID' })

      expect(() => rows.add(items, 'upsert', row)).toThrow(wrong)
      expect(() => rows.add(items, 'delete', row)).toThrow(wrong)
      expect(rows.take()).toEqual([])
    },
  )
})

describe('a table without the key', () => {
  test.each([[undefined], [['a']], [['id', 'a']]])('is refused: %j', (key) => {
    const rows = new PendingRows(key)
    const table = { ...items, uniqueKeys: [{ primary: false, columns: ['id'] }] }

    expect(() => rows.add(table, 'upsert', { id: 1, a: 'x' })).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_KEY_MISSING' }),
    )
  })

  test('is written by another unique index that the options name', () => {
    const rows = new PendingRows(['b', 'a'])
    const uniqueKeys = [...items.uniqueKeys, { primary: false, columns: ['a', 'b'] }]

    rows.add({ ...items, uniqueKeys }, 'delete', { a: 'x', b: 'y' })

    expect(said(rows.take())).toEqual(['delete items(a,b): {x} {y}'])
  })
})
