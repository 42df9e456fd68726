import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeJson, encodeJson } from '../src/index.ts'
import { hasLongDigitRun } from '../src/json.ts'
import { failureOf } from './failure.ts'

class Money {
  readonly amount: bigint
  constructor(amount: bigint) {
    this.amount = amount
  }
}

class Temperature {
  toJSON(): unknown {
    return { celsius: 21n, at: new Date(0) }
  }
}

class Wrapped {
  toJSON(): unknown {
    return { toJSON: () => 'not called', kept: 1n }
  }
}

function withoutPrototype(fields: object): object {
  return Object.setPrototypeOf({ ...fields }, null) as object
}

const written: readonly (readonly [string, unknown, string])[] = [
  ['a string with line breaks', { a: 'x\r\ny\u2028' }, '{"a":"x\\r\\ny\u2028"}'],
  ['a lone surrogate', { a: '\ud800' }, '{"a":"\\ud800"}'],
  ['a number', { a: 1.5, b: -0, c: 1e21 }, '{"a":1.5,"b":0,"c":1e+21}'],
  ['a small bigint', { a: 7n }, '{"a":7}'],
  ['a bigint beyond 2^53', { a: -12345678901234567890n }, '{"a":-12345678901234567890}'],
  ['bytes', { a: new Uint8Array([1, 254]) }, '{"a":"Af4="}'],
  ['a Buffer', { a: Buffer.from('hi') }, '{"a":"aGk="}'],
  ['a part of a buffer', { a: new Uint8Array([1, 2, 3]).subarray(1, 2) }, '{"a":"Ag=="}'],
  ['a date', { a: new Date(0) }, '{"a":"1970-01-01T00:00:00.000Z"}'],
  ['a date beside a bigint', { a: new Date(0), b: 1n }, '{"a":"1970-01-01T00:00:00.000Z","b":1}'],
  ['undefined fields, left out', { a: undefined, b: 1n, c: undefined }, '{"b":1}'],
  ['undefined elements, as null', [undefined, 1n], '[null,1]'],
  ['null', { a: null, b: 1n }, '{"a":null,"b":1}'],
  [
    'what toJSON returns',
    { a: new Temperature() },
    '{"a":{"celsius":21,"at":"1970-01-01T00:00:00.000Z"}}',
  ],
  ['toJSON once only', { a: new Wrapped() }, '{"a":{"kept":1}}'],
  ['a class instance, by its fields', { a: new Money(5n) }, '{"a":{"amount":5}}'],
  ['an object without a prototype', withoutPrototype({ a: 1n }), '{"a":1}'],
  [
    'a field named __proto__',
    JSON.parse('{"__proto__":{"x":1},"b":[]}') as unknown,
    '{"__proto__":{"x":1},"b":[]}',
  ],
  ['a plain value', 'text', '"text"'],
]

describe('encodeJson', () => {
  test.each(written)('writes %s', (_name, value, text) => {
    expect(encodeJson(value)).toBe(text)
  })

  test('writes a field named __proto__ beside a bigint as a field', () => {
    const parsed = JSON.parse('{"__proto__":{"x":1}}') as object
    const value = Object.assign(parsed, { b: 1n })

    expect(encodeJson(value)).toBe('{"__proto__":{"x":1},"b":1}')
  })

  test('writes bigints as strings when asked to', () => {
    expect(encodeJson({ a: 7n, b: [2n ** 64n] }, { bigints: 'string' })).toBe(
      '{"a":"7","b":["18446744073709551616"]}',
    )
  })

  test('writes bytes in hex when asked to', () => {
    expect(encodeJson({ a: new Uint8Array([1, 254]) }, { bytes: 'hex' })).toBe('{"a":"01fe"}')
  })

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an invalid date', new Date(Number.NaN)],
    ['a regular expression', /x/],
    ['a promise', Promise.resolve()],
    ['another typed array', new Float64Array(1)],
    ['a boxed number', new Object(1)],
  ])('refuses %s and names the field', (_name, value) => {
    const failure = failureOf(() => encodeJson({ a: { b: [1, { c: value }] } }))

    expect(failure.code).toBe('FLINKTS_RECORD_UNENCODABLE')
    expect(failure.message).toContain('field "a.b[1].c"')
  })

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
  ])('refuses %s as a record', (_name, value) => {
    const failure = failureOf(() => encodeJson(value))

    expect(failure.code).toBe('FLINKTS_RECORD_UNENCODABLE')
  })

  test('refuses a record that contains itself', () => {
    const record: { id: number; self?: unknown } = { id: 1 }
    record.self = record

    const failure = failureOf(() => encodeJson(record))

    expect(failure.code).toBe('FLINKTS_RECORD_UNENCODABLE')
  })

  test('writes what JSON.stringify writes for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(encodeJson(value)).toBe(JSON.stringify(value))
        expect(encodeJson({ value, big: 1n })).toBe(JSON.stringify({ value, big: 1 }))
      }),
    )
  })
})

describe('decodeJson', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['{"a":[12345678901234567890 ,1]}', { a: [12345678901234567890n, 1] }],
    ['{"a" : 12345678901234567890}', { a: 12345678901234567890n }],
    ['{"a":"12345678901234567890"}', { a: '12345678901234567890' }],
    ['1e20', 1e20],
    ['12345678901234567890.5', 1.2345678901234567e19],
    ['1234567890123456', 1234567890123456],
  ])('reads %s', (text, value) => {
    expect(decodeJson(text)).toEqual(value)
  })

  test('gives back every bigint that encodeJson wrote, small ones as numbers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (big) => {
        const number = Number(big)
        const expected = Number.isSafeInteger(number) ? number : big
        expect(decodeJson(encodeJson({ big, list: [big] }))).toEqual({
          big: expected,
          list: [expected],
        })
      }),
    )
  })
})

test('a run of 16 digits is found wherever it is, and none where there are fewer', () => {
  for (let before = 0; before < 40; before += 1) {
    for (const digits of [15, 16, 17, 40]) {
      const text = `${'x'.repeat(before)}${'7'.repeat(digits)}${'x'.repeat(5)}`
      expect(hasLongDigitRun(Buffer.from(text), 0, text.length)).toBe(digits >= 16)
    }
  }
})
