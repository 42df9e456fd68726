import { describe, expect, test } from 'vitest'
import { TypeCatalog } from '../../src/values/type-catalog.ts'
import { encoderOf } from '../../src/values/value-encoder.ts'

const types = new TypeCatalog()
const oids = { int4: 23, text: 25, float8: 701, date: 1082, timestamptz: 1184, bytea: 17 } as const
const json = 3802
const textArray = 1009
const jsonArray = 3807

function encoded(oid: number, value: unknown, mode: 'text' | 'value' = 'text'): string | undefined {
  return encoderOf(types, oid, mode)(value)
}

describe('a value', () => {
  test.each([
    ['int4', 7, '7'],
    ['int4', 9_007_199_254_740_993n, '9007199254740993'],
    ['int4', '0012', '0012'],
    ['text', true, 'true'],
    ['float8', -0, '-0'],
    ['float8', Number.NaN, 'NaN'],
    ['float8', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['bytea', new Uint8Array([0, 255]).subarray(1), String.raw`\xff`],
    ['text', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['timestamptz', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['timestamptz', new Date(-62_198_755_200_000), '0002-01-01 00:00:00.000+00 BC'],
    ['timestamptz', '-000043-03-15T12:00:00.000000Z', '0044-03-15 12:00:00.000000+00 BC'],
    ['timestamptz', '+012024-05-06T07:08:09.123456Z', '12024-05-06 07:08:09.123456+00'],
    ['timestamptz', '-infinity', '-infinity'],
    ['timestamptz', '-000043-03-15 by hand', '-000043-03-15 by hand'],
    ['date', '0000-12-31', '0001-12-31 BC'],
    ['date', '0000 by hand', '0000 by hand'],
    ['date', '+5874897-12-31', '5874897-12-31'],
  ] as const)('of %s, %o, is %s', (type, value, text) => {
    expect(encoded(oids[type], value)).toBe(text)
  })

  test.each([
    ['an object', {}],
    ['an array', [1]],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('that is %s is none of a plain type', (_name, value) => {
    expect(encoded(oids.text, value)).toBeUndefined()
  })
})

describe('json', () => {
  test('is the text of strings, and what else there is as JSON', () => {
    const values = ['{"a": 1.10}', { a: [1, null] }, [1, 'x'], 7, true, 12n]

    expect(values.map((value) => encoded(json, value))).toEqual([
      '{"a": 1.10}',
      '{"a":[1,null]}',
      '[1,"x"]',
      '7',
      'true',
      '12',
    ])
  })

  test('has strings as values on demand', () => {
    expect(encoded(json, 'a "b"', 'value')).toBe(String.raw`"a \"b\""`)
  })

  test('cannot hold what JSON cannot', () => {
    expect(encoded(json, { a: 1n })).toBeUndefined()
    expect(encoded(json, () => 1)).toBeUndefined()
  })
})

describe('an array', () => {
  test('is quoted, nested and has nulls', () => {
    const value = [
      ['a "b" \\', ''],
      [null, 'NULL'],
    ]

    expect(encoded(textArray, value)).toBe(String.raw`{{"a \"b\" \\",""},{NULL,"NULL"}}`)
    expect(encoded(textArray, [])).toBe('{}')
  })

  test('may be its own text, or hold JSON', () => {
    expect(encoded(textArray, '{a,b}')).toBe('{a,b}')
    expect(encoded(jsonArray, [{ a: 'x' }], 'value')).toBe(String.raw`{"{\"a\":\"x\"}"}`)
  })

  test.each([[[undefined]], [[[{}]]], [7], [{}]])('cannot hold or be %o', (value) => {
    expect(encoded(textArray, value)).toBeUndefined()
  })
})
