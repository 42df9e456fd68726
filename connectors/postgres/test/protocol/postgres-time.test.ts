import { describe, expect, test } from 'vitest'
import { postgresTime } from '../../src/protocol/postgres-time.ts'

describe('postgresTime', () => {
  test.each([
    [0n, '2000-01-01T00:00:00.000000Z'],
    [1n, '2000-01-01T00:00:00.000001Z'],
    [-1n, '1999-12-31T23:59:59.999999Z'],
    // As a commit of 2024-05-06 07:08:09.123456+00 was captured from the stream.
    [0x2bac2801b6a80n, '2024-05-06T07:08:09.123456Z'],
  ])('%s microseconds after 2000 is %s', (microseconds, text) => {
    expect(postgresTime(microseconds)).toBe(text)
  })
})
