import { describe, expect, test } from 'vitest'
import type { PostgresCdcOptions } from '../src/index.ts'
import { postgresCdc } from '../src/index.ts'
import { resolvePostgresCdcOptions } from '../src/options.ts'
import { defaultName } from '../src/runtime/names.ts'

const url = 'postgres://reader:s3cret@db.example/shop'
const least: PostgresCdcOptions = { connection: { url }, tables: ['public.orders'] }

describe('options', () => {
  test('are filled in', () => {
    const options = resolvePostgresCdcOptions({
      ...least,
      tables: ['orders', 'audit.log', 'orders'],
    })

    expect(options).toMatchObject({
      tables: ['public.orders', 'audit.log'],
      slot: undefined,
      managePublication: true,
      mode: 'snapshot-and-stream',
      snapshot: { chunkRows: 100_000, connectionsPerReader: 1 },
      stream: { receiveTimeoutMs: 60_000, heartbeatIntervalMs: undefined },
      retry: { attemptsMax: 20 },
      json: 'text',
    })
    expect(Object.isFrozen(options)).toBe(true)
  })

  test('decide whether the source has an end', () => {
    expect(postgresCdc(least).boundedness).toBe('continuous-unbounded')
    expect(postgresCdc({ ...least, stream: 'never' }).boundedness).toBe('bounded')
    expect(postgresCdc({ ...least, snapshot: 'never' }).boundedness).toBe('continuous-unbounded')
  })

  const wrong: readonly (readonly [string, object])[] = [
    ['no table', { tables: [] }],
    ['a slot name that Postgres refuses', { slot: 'My-Slot' }],
    ['an unknown option', { table: 'public.orders' }],
    ['an unknown option within another', { snapshot: { chunks: 5 } }],
    ['a chunk without rows', { snapshot: { chunkRows: 0 } }],
    ['a time without end', { stream: { receiveTimeoutMs: Infinity } }],
    ['nothing to read', { snapshot: 'never', stream: 'never' }],
  ]

  test.for(wrong)('with %s are refused, and show no secret', ([, change]) => {
    const options = { ...least, ...change }

    const failure = failureOf(() => postgresCdc(options))

    expect(failure).toMatchObject({ code: 'FLINKTS_OPTION_INVALID' })
    expect(String(failure)).not.toContain('s3cret')
  })

  test('show no secret in the description', () => {
    expect(JSON.stringify(postgresCdc(least))).not.toContain('s3cret')
    expect(postgresCdc(least).description).toBe('postgres tables public.orders')
  })
})

describe('the name of a slot', () => {
  test('is readable, the same for ever, and of this job only', () => {
    expect(defaultName('orders-to-files', 'customers')).toBe(
      'flinkts_orders_to_files_customers_d69994bd',
    )
    expect(defaultName('a', 'b_c')).not.toBe(defaultName('a_b', 'c'))
  })

  test('is short enough for Postgres', () => {
    const name = defaultName('j'.repeat(100), 'ö')

    expect(name).toMatch(/^[a-z0-9_]{1,63}$/)
  })
})

function failureOf(action: () => unknown): unknown {
  try {
    return action()
  } catch (cause) {
    return cause
  }
}
