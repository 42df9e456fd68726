import { describe, expect, test } from 'vitest'
import { containing } from '../support/matchers.ts'
import { postgresSink } from '../../src/index.ts'
import type { PostgresSinkOptions, RowChange } from '../../src/index.ts'
import { resolvePostgresSinkOptions } from '../../src/sink/options.ts'

interface Order {
  readonly id: bigint
  readonly amount: string
}

const options: PostgresSinkOptions<Order> = {
  connection: { url: 'postgres://user:secret@db.example/shop' },
  mode: 'twoPhase',
  table: 'orders',
}

describe('options of the sink', () => {
  test('are filled in', () => {
    expect(resolvePostgresSinkOptions(options)).toMatchObject({
      mode: 'twoPhase',
      tables: ['public.orders'],
      columns: undefined,
      json: 'text',
      ledger: 'public.flinkts_ledger',
      staging: 'public.flinkts_staging',
      lockTimeoutMs: 60_000,
      statementTimeoutMs: 300_000,
      preparedAgeWarnMs: 300_000,
    })
  })

  test('map columns by the names of fields, or by functions', () => {
    const { columns, rowOf } = resolvePostgresSinkOptions<Order>({
      ...options,
      columns: { key: 'id', half: ({ id }) => id / 2n },
    })

    expect(columns).toEqual(['key', 'half'])
    expect(rowOf({ id: 8n, amount: '1' })).toEqual({ key: 8n, half: 4n })
  })

  test.each([
    ['upsert', 'insert'],
    ['append', 'upsert'],
    ['append', 'delete'],
  ] as const)('refuse, in the mode "%s", the operation "%s" of a record', (mode, operation) => {
    const write = (): RowChange =>
      operation === 'delete' ? { operation, key: {} } : { operation, row: {} }
    const { changesOf } = resolvePostgresSinkOptions<Order>({ ...options, mode, write })

    expect(() => changesOf?.({ id: 1n, amount: '1' })).toThrow(
      expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID', message: containing(operation) }),
    )
  })

  test.each([
    [{ mode: 'update' }, 'mode'],
    [{ columns: { id: 'id' }, write: () => [] }, '"columns" and "write"'],
    [{ mode: 'append', key: ['id'] }, 'no use for a "key"'],
    [{ key: [] }, 'key'],
    [{ table: '' }, 'table'],
    [{ tables: ['a'] }, '"tables" goes with a function'],
    [{ columns: {} }, 'at least one column'],
    [{ lockTimeoutMs: 0 }, 'lockTimeoutMs'],
    [{ lockTimeoutMs: 300_000 }, '"statementTimeoutMs" must be more'],
    [{ tabel: 'x' }, 'no option "tabel". Did you mean "table" or "tables"?'],
  ])('%j are refused', (wrong, problem) => {
    const given = { ...options, ...wrong } as PostgresSinkOptions<Order>

    expect(() => resolvePostgresSinkOptions(given)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_OPTION_INVALID',
        message: containing(problem),
      }),
    )
  })

  test('show no secret in what the sink says of itself', () => {
    const sink = postgresSink<Order>({ ...options, mode: 'append' })

    expect(sink.description).toBe('postgres tables public.orders in db.example:5432/shop')
    expect(sink.guarantee).toBe('at-least-once')
  })
})
