import { describe, expect, test } from 'vitest'
import { sqlStateOf, toPostgresError } from '../../src/connection/errors.ts'

const place = { host: 'db.example', port: 5432, database: 'shop', user: 'cdc' }

function databaseError(code: string): Error {
  return Object.assign(new Error('the words of the server'), { code })
}

describe('toPostgresError', () => {
  test.each([
    ['28P01', 'FLINKTS_POSTGRES_AUTHENTICATION_FAILED', false],
    ['28000', 'FLINKTS_POSTGRES_AUTHENTICATION_FAILED', false],
    ['42501', 'FLINKTS_POSTGRES_PERMISSION_DENIED', false],
    ['3D000', 'FLINKTS_POSTGRES_OBJECT_MISSING', false],
    ['42P01', 'FLINKTS_POSTGRES_OBJECT_MISSING', false],
    ['42704', 'FLINKTS_POSTGRES_OBJECT_MISSING', false],
    ['53400', 'FLINKTS_POSTGRES_LIMIT_REACHED', false],
    ['42601', 'FLINKTS_POSTGRES_QUERY_FAILED', false],
    ['55000', 'FLINKTS_POSTGRES_QUERY_FAILED', false],
    ['55006', 'FLINKTS_POSTGRES_SLOT_IN_USE', true],
    ['55P03', 'FLINKTS_POSTGRES_QUERY_INTERRUPTED', true],
    ['57014', 'FLINKTS_POSTGRES_QUERY_INTERRUPTED', true],
    ['40001', 'FLINKTS_POSTGRES_QUERY_INTERRUPTED', true],
    ['57P01', 'FLINKTS_POSTGRES_CONNECTION_FAILED', true],
    ['57P03', 'FLINKTS_POSTGRES_CONNECTION_FAILED', true],
    ['53300', 'FLINKTS_POSTGRES_CONNECTION_FAILED', true],
    ['08006', 'FLINKTS_POSTGRES_CONNECTION_FAILED', true],
  ])('turns the state %s into %s, retryable: %s', (state, code, retryable) => {
    const error = toPostgresError(databaseError(state), { what: 'connecting', place })

    expect(error).toMatchObject({ code, retryable })
    expect(sqlStateOf(error)).toBe(state)
  })

  test.each(['EPIPE', 'ECONNRESET'])('does not take %s for a state', (code) => {
    const error = toPostgresError(databaseError(code), { what: 'streaming', place })

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_CONNECTION_FAILED', retryable: true })
    expect(sqlStateOf(error)).toBeUndefined()
  })

  test.each(['55000', '58P01'])('reads the state %s as a lost slot while streaming', (state) => {
    const context = { what: 'streaming', place, streaming: true }

    const error = toPostgresError(databaseError(state), context)

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_SLOT_LOST', retryable: false })
  })

  test.each([
    [databaseError('ECONNREFUSED'), 'FLINKTS_POSTGRES_CONNECTION_FAILED'],
    [databaseError('ENOTFOUND'), 'FLINKTS_POSTGRES_CONNECTION_FAILED'],
    [new Error('Connection terminated unexpectedly'), 'FLINKTS_POSTGRES_CONNECTION_FAILED'],
    [databaseError('SELF_SIGNED_CERT_IN_CHAIN'), 'FLINKTS_POSTGRES_TLS_FAILED'],
    [databaseError('ERR_TLS_CERT_ALTNAME_INVALID'), 'FLINKTS_POSTGRES_TLS_FAILED'],
    [new Error('The server does not support SSL connections'), 'FLINKTS_POSTGRES_TLS_FAILED'],
    [
      new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string'),
      'FLINKTS_POSTGRES_AUTHENTICATION_FAILED',
    ],
  ])('turns %s of the driver into %s', (thrown, code) => {
    const error = toPostgresError(thrown, { what: 'connecting', place })

    expect(error.code).toBe(code)
    expect(error.cause).toBe(thrown)
    expect(sqlStateOf(error)).toBeUndefined()
  })

  test('says what failed, where, as whom and why', () => {
    const error = toPostgresError(databaseError('42501'), { what: 'the statement "x"', place })

    expect(error.message).toBe(
      'the statement "x" failed at "db.example:5432/shop" as "cdc": ' +
        'the words of the server (SQLSTATE 42501)',
    )
  })

  test('tells what every address of a host answered', () => {
    const refused = [
      new Error('connect ECONNREFUSED ::1'),
      new Error('connect ECONNREFUSED 127.0.0.1'),
    ]

    const error = toPostgresError(new AggregateError(refused), { what: 'connecting', place })

    expect(error.message).toMatch(/: connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1$/)
  })

  test('leaves errors alone that have a code already', () => {
    const first = toPostgresError(databaseError('28P01'), { what: 'connecting', place })

    expect(toPostgresError(first, { what: 'other', place })).toBe(first)
  })
})
