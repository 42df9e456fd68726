import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeBigint,
  decodeBoolean,
  decodeBytes,
  decodeFloat,
  decodeInteger,
  decodeJson,
  decodeText,
} from '../../src/values/scalar-decoders.ts'
import { decoded } from './decoded.ts'

describe('whole numbers', () => {
  test.each([0, -1, 32_767, -32_768, 2_147_483_647, -2_147_483_648, 4_294_967_295])(
    '%d',
    (value) => {
      expect(decoded(decodeInteger, String(value))).toBe(value)
    },
  )

  test('of 64 bits are exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(decoded(decodeBigint, String(value))).toBe(value)
      }),
    )
  })
})

describe('floating-point numbers', () => {
  test('are exact', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = Object.is(value, -0) ? '-0' : String(value)
        expect(decoded(decodeFloat, text)).toBe(value)
      }),
    )
  })

  test.each(['NaN', 'Infinity', '-Infinity'])('%s stays text', (text) => {
    expect(decoded(decodeFloat, text)).toBe(text)
  })
})

describe('other scalars', () => {
  test('booleans are t and f', () => {
    expect([decoded(decodeBoolean, 't'), decoded(decodeBoolean, 'f')]).toEqual([true, false])
  })

  test('bytes are read from hex into memory of their own', () => {
    const value = decoded(decodeBytes, '\\x00deadBEEF')

    expect(value).toEqual(Uint8Array.of(0, 0xde, 0xad, 0xbe, 0xef))
    expect(value).toHaveProperty('buffer.byteLength', 5)
    expect(decoded(decodeBytes, '\\x')).toEqual(new Uint8Array())
  })

  test('bytes in the escape form are refused', () => {
    expect(() => decoded(decodeBytes, 'abc')).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })

  test('text may hold any character', () => {
    expect(decoded(decodeText, 'żółw 🐢 \u0001')).toBe('żółw 🐢 \u0001')
    expect(decoded(decodeText, '')).toBe('')
  })

  test('JSON can be parsed', () => {
    expect(decoded(decodeJson, '{"a": [1, null, "ü"]}')).toEqual({ a: [1, null, 'ü'] })
  })
})
