import { describe, expect, test } from 'vitest'
import {
  decodeDate,
  decodeTimestamp,
  decodeTimestampTz,
} from '../../src/values/date-time-decoders.ts'
import { decoded } from './decoded.ts'

describe('dates', () => {
  test.each([
    ['2024-05-06', '2024-05-06'],
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
    ['12024-05-06', '+012024-05-06'],
    ['5874897-12-31', '+5874897-12-31'],
    ['0001-12-31 BC', '0000-12-31'],
    ['0044-03-15 BC', '-000043-03-15'],
    ['4714-11-24 BC', '-004713-11-24'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ])('%s is %s', (text, iso) => {
    expect(decoded(decodeDate, text)).toBe(iso)
  })
})

describe('timestamps without time zone', () => {
  test.each([
    ['2024-05-06 07:08:09', '2024-05-06T07:08:09.000000'],
    ['2024-05-06 07:08:09.1', '2024-05-06T07:08:09.100000'],
    ['2024-05-06 07:08:09.000001', '2024-05-06T07:08:09.000001'],
    ['2024-05-06 07:08:09.123456', '2024-05-06T07:08:09.123456'],
    ['294276-12-31 23:59:59.999999', '+294276-12-31T23:59:59.999999'],
    ['10000-01-01 00:00:00', '+010000-01-01T00:00:00.000000'],
    ['0044-03-15 12:00:00.5 BC', '-000043-03-15T12:00:00.500000'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ])('%s is %s', (text, iso) => {
    expect(decoded(decodeTimestamp, text)).toBe(iso)
  })
})

describe('timestamps with time zone', () => {
  test.each([
    ['2024-05-06 07:08:09+00', '2024-05-06T07:08:09.000000Z'],
    ['2024-05-06 07:08:09.12+00', '2024-05-06T07:08:09.120000Z'],
    ['2024-05-06 07:08:09.123456+00', '2024-05-06T07:08:09.123456Z'],
    ['294276-12-31 23:59:59.999999+00', '+294276-12-31T23:59:59.999999Z'],
    ['4714-11-24 00:00:00+00 BC', '-004713-11-24T00:00:00.000000Z'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ])('%s is %s', (text, iso) => {
    expect(decoded(decodeTimestampTz, text)).toBe(iso)
  })

  test('leaves nothing of a longer value in a shorter one', () => {
    decoded(decodeTimestampTz, '2024-05-06 07:08:09.999999+00')

    expect(decoded(decodeTimestampTz, '2024-05-06 07:08:09+00')).toBe('2024-05-06T07:08:09.000000Z')
  })
})

describe('forms that the session settings exclude', () => {
  test.each([
    [decodeTimestampTz, '2024-05-06 16:08:09.123456+09'],
    [decodeTimestampTz, '06.05.2024 16:08:09.123456 JST'],
    [decodeTimestampTz, '2024-05-06 07:08:09'],
    [decodeTimestamp, '2024-05-06 07:08:09+00'],
    [decodeTimestamp, 'Mon May 06 07:08:09 2024'],
    [decodeDate, '06.05.24'],
  ])('%o refuses %s', (decoder, text) => {
    expect(() => decoded(decoder, text)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })
})
