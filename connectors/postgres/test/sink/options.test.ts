import { describe, expect, test } from 'vitest'
import { containing } from '../support/matchers.ts'
import { postgresSink } from '../../src/index.ts'
import type { PostgresSinkOptions } from '../../src/index.ts'
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
    })
  })

  test('map columns by the names of fields, or by functions', () => {
    const { columns } = resolvePostgresSinkOptions<Order>({
      ...options,
      columns: { key: 'id', half: ({ id }) => id / 2n },
    })

    const record = { id: 8n, amount: '1' }
    expect(columns?.map(({ column, valueOf }) => [column, valueOf(record)])).toEqual([
      ['key', 8n],
      ['half', 4n],
    ])
  })

  test.each([
    [{ mode: 'upsert' }, 'mode'],
    [{ table: '' }, 'table'],
    [{ tables: ['a'] }, '"tables" goes with a function'],
    [{ columns: {} }, 'at least one column'],
    [{ lockTimeoutMs: 0 }, 'lockTimeoutMs'],
    [{ tabel: 'x' }, 'tabel'],
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
