import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteBuffer } from '../src/byte-buffer.ts'
import { encodeJson, type JsonEncoding } from '../src/json.ts'
import { JsonWriter } from '../src/json-writer.ts'

function writtenBy(value: unknown, encoding: JsonEncoding = {}): string | undefined {
  const out = new ByteBuffer()
  out.appendText('before')
  const written = new JsonWriter(encoding).write(value, out)
  const text = Buffer.from(out.take()).toString()
  return written || text !== 'before' ? text.replace('before', '') : undefined
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('"\\\u0001\ud800é'))
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.bigInt(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(undefined, null, -0, 1e21, 5e-324),
  fc.uint8Array(),
)
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

test('writes what encodeJson returns for any plain value', () => {
  fc.assert(
    fc.property(
      anything.filter((value) => value !== undefined),
      fc.constantFrom<JsonEncoding>({}, { bigints: 'string' }, { bytes: 'hex' }),
      (value, encoding) => {
        expect(writtenBy(value, encoding)).toBe(encodeJson(value, encoding))
      },
    ),
  )
})

test('writes every character as JSON.stringify does', () => {
  const characters = Array.from({ length: 0x1_00_00 }, (_, code) => String.fromCharCode(code))

  expect(writtenBy(characters)).toBe(JSON.stringify(characters))
})

const fixed = Object.freeze({ table: 't', lsn: '0/1', position: undefined })
const nested = { count: 0 }
const changing = { count: 0 }
let got = 0

test.each([
  ['that is frozen', fixed],
  ['whose field is an object that changes', Object.freeze({ nested })],
  ['that changes', changing],
  [
    'whose field is computed',
    Object.freeze(Object.defineProperty({}, 'a', { enumerable: true, get: () => (got += 1) })),
  ],
])('an object of many records %s is written as it is', (_name, shared) => {
  const writer = new JsonWriter({})
  const out = new ByteBuffer()
  const expected: string[] = []

  for (let record = 0; record < 4; record += 1) {
    nested.count = record
    changing.count = record
    got = record * 2
    expected.push(JSON.stringify({ record, shared }))
    got = record * 2
    expect(writer.write({ record, shared }, out)).toBe(true)
  }

  expect(Buffer.from(out.take()).toString()).toBe(expected.join(''))
})

test('texts of one field are escaped where they have to be', () => {
  const writer = new JsonWriter({})
  const texts = [
    'plain',
    '"quoted"',
    'plain again',
    'back\\slash',
    'x'.repeat(50),
    `${'x'.repeat(50)}"`,
  ]
  const out = new ByteBuffer()

  for (const note of [...texts, ...texts]) writer.write({ note }, out)

  const expected = [...texts, ...texts].map((note) => JSON.stringify({ note }))
  expect(Buffer.from(out.take()).toString()).toBe(expected.join(''))
})

class Money {
  readonly amount = 1
}

test.each([
  ['a date', new Date(0)],
  ['a class instance', new Money()],
  ['an object without a prototype', Object.setPrototypeOf({ a: 1 }, null)],
  ['raw JSON', (JSON as typeof JSON & { rawJSON(text: string): unknown }).rawJSON('1')],
  ['a field with toJSON', { a: { toJSON: () => 1 } }],
  ['NaN', Number.NaN],
  ['undefined', undefined],
  ['a symbol', Symbol('x')],
])('leaves %s to encodeJson, and the buffer as it was', (_name, value: unknown) => {
  expect(writtenBy(value)).toBeUndefined()
  expect(writtenBy({ first: 'x', value })).toBe(value === undefined ? '{"first":"x"}' : undefined)
})

test('leaves a value that contains itself to encodeJson', () => {
  const value: { self?: unknown } = {}
  value.self = [value]

  expect(writtenBy(value)).toBeUndefined()
})

test('leaves the buffer as it was when a field throws', () => {
  const out = new ByteBuffer()
  const value = {
    first: 1,
    get second(): number {
      throw new Error('not now')
    },
  }

  expect(() => new JsonWriter({}).write(value, out)).toThrow('not now')
  expect(out.length).toBe(0)
})

test('writes names beyond those that it keeps', () => {
  const value = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`name${index}`, index]),
  )

  expect(writtenBy(value)).toBe(JSON.stringify(value))
})
