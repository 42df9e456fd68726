import { describe, expect, test } from 'vitest'
import type { PostgresLookupOptions, Row } from '../../src/index.ts'
import { resolvePostgresLookupOptions } from '../../src/lookup/options.ts'

type Options = PostgresLookupOptions<{ customer: number }, Row, unknown>

const options: Options = {
  connection: { url: 'postgres://user:secret@db.example/shop' },
  table: 'customers',
  key: { id: 'customer' },
  columns: ['name', 'name'],
  result: (_record, rows) => rows,
}

describe('the options of a lookup', () => {
  test('have defaults', () => {
    expect(resolvePostgresLookupOptions(options)).toMatchObject({
      table: 'public.customers',
      columns: ['name'],
      cache: undefined,
      batchKeysMax: 500,
      connectionsMax: 2,
      rowsPerKeyMax: 100,
      queryTimeoutMs: 10_000,
      retry: { attemptsMax: 20, delayMs: 200, delayMsMax: 10_000 },
      json: 'text',
    })
  })

  test('keep the absence of rows as long as rows unless told otherwise', () => {
    const cache = { keysMax: 5, ttlMs: 1000 }

    expect(resolvePostgresLookupOptions({ ...options, cache }).cache).toEqual({
      ...cache,
      absentTtlMs: 1000,
    })
  })

  test('take the value of a key from a field or a function', () => {
    const { key } = resolvePostgresLookupOptions({
      ...options,
      key: { id: 'customer', twice: ({ customer }) => customer * 2 },
    })

    expect(key.map(({ column, valueOf }) => [column, valueOf({ customer: 4 })])).toEqual([
      ['id', 4],
      ['twice', 8],
    ])
  })

  test.each([
    ['no column in the key', { key: {} }],
    ['no column to read', { columns: [] }],
    ['a cache without a limit', { cache: { ttlMs: 5 } }],
    ['no connection', { connectionsMax: 0 }],
    ['an option that there is not', { keys: ['id'] }],
  ])('refuse %s', (_, wrong) => {
    expect(() => resolvePostgresLookupOptions({ ...options, ...wrong } as Options)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }),
    )
  })
})
