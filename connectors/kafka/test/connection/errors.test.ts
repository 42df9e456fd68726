import { describe, expect, test } from 'vitest'
import { brokerError, transportError } from '../../src/connection/errors.ts'
import { kafkaError, kafkaErrors } from '../../src/protocol/error-codes.ts'

describe('transportError', () => {
  test.each([
    ['connect', 'FLINKTS_KAFKA_UNREACHABLE', true],
    ['closed', 'FLINKTS_KAFKA_CONNECTION_LOST', true],
    ['timeout', 'FLINKTS_KAFKA_REQUEST_TIMED_OUT', true],
    ['auth', 'FLINKTS_KAFKA_AUTHENTICATION_FAILED', false],
    ['tls', 'FLINKTS_KAFKA_TLS_FAILED', false],
  ] as const)('tells the kind %s as %s', (kind, code, retryable) => {
    const cause = new Error('why')

    const error = transportError(kind, { host: '::1', port: 9092 }, cause)

    expect(error).toMatchObject({ code, retryable, cause })
    expect(error.message).toMatch(/^the broker "\[::1\]:9092" .*: why$/)
  })

  test('tells what every address of a host answered', () => {
    const cause = new AggregateError([new Error('refused'), new Error('no route')])

    const error = transportError('connect', { host: 'a', port: 1 }, cause)

    expect(error.message).toContain('refused; no route')
  })
})

describe('brokerError', () => {
  test.each([
    ['TOPIC_AUTHORIZATION_FAILED', 'FLINKTS_KAFKA_PERMISSION_DENIED'],
    ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'FLINKTS_KAFKA_PERMISSION_DENIED'],
    ['PRODUCER_FENCED', 'FLINKTS_KAFKA_PRODUCER_FENCED'],
    ['NOT_COORDINATOR', 'FLINKTS_KAFKA_UNAVAILABLE'],
    ['INVALID_CONFIG', 'FLINKTS_KAFKA_REQUEST_REFUSED'],
  ] as const)('tells %s as %s, with operation and resource', (name, code) => {
    const operation = { what: 'reading', resource: 'the topic "orders"', detail: 'so it is' }

    const error = brokerError(kafkaError(kafkaErrors[name]), operation)

    expect(error.code).toBe(code)
    expect(error.message).toBe(
      `reading failed for the topic "orders": ${name} (${kafkaErrors[name]}): so it is`,
    )
  })
})
