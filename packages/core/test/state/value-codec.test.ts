import { Buffer } from 'node:buffer'
import { inspect, isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import { ByteReader } from '../../src/state/byte-reader.ts'
import { ByteWriter } from '../../src/state/byte-writer.ts'
import { ValueReader, ValueWriter } from '../../src/state/value-codec.ts'
import { randomValue } from './random-value.ts'

const owner = 'state "total" of operator "sum"'

function encode(values: readonly unknown[]): Uint8Array {
  const out = new ByteWriter(1)
  const writer = new ValueWriter(out, owner)
  for (const value of values) writer.write(value)
  return out.written()
}

function decode(bytes: Uint8Array): unknown[] {
  const reader = new ByteReader(bytes)
  const values = new ValueReader(reader)
  const result: unknown[] = []
  while (reader.remaining > 0) result.push(values.read())
  return result
}

function hexOf(value: unknown): string {
  return Buffer.from(encode([value])).toString('hex')
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** Value and bytes, from the description of version 1: what is stored must stay readable. */
const golden: readonly (readonly [unknown, string])[] = [
  [undefined, '00'],
  [null, '01'],
  [false, '02'],
  [true, '03'],
  [0, '80'],
  [127, 'ff'],
  [128, '048001'],
  [300, '04ac02'],
  [Number.MAX_SAFE_INTEGER, '04ffffffffffffff0f'],
  [-1, '0500'],
  [-128, '057f'],
  [Number.MIN_SAFE_INTEGER, '05feffffffffffff0f'],
  [-0, '060000000000000080'],
  [0.5, '06000000000000e03f'],
  [Number.NaN, '06000000000000f87f'],
  [2 ** 53, '060000000000004043'],
  [0n, '0700'],
  [258n, '07020201'],
  [-1n, '080101'],
  ['', '40'],
  ['abc', '43616263'],
  ['a'.repeat(32), `0920${'61'.repeat(32)}`],
  ['é', '0902c3a9'],
  ['\uD800', '0a0100d8'],
  [new Uint8Array([1, 2]), '0b020102'],
  [Buffer.from([3]), '0c0103'],
  [new Date(1000), '0d0000000000408f40'],
  [[1, 'a'], '0e02814161'],
  [new Set([1]), '0f0181'],
  [new Map([['k', 1]]), '1001416b81'],
  [{ a: 1, b: { a: 2 } }, '11024161416281110141 6182'.replace(' ', '')],
  [Object.assign(Object.create(null) as object, { a: 1 }), '1201416181'],
]

describe('the codec of values', () => {
  it.each(golden.map((row) => [inspect(row[0]), ...row] as const))(
    'writes %s as it did in version 1, and reads it back',
    (_, value, hex) => {
      expect(hexOf(value)).toBe(hex)
      expect(decode(fromHex(hex))).toStrictEqual([value])
    },
  )

  it.each([1, 2, 3, 4])('round trips random values (seed %i)', (seed) => {
    const prng = new SeededPrng(seed)
    const values = Array.from({ length: 400 }, () => randomValue(prng))

    expect(isDeepStrictEqual(decode(encode(values)), values)).toBe(true)
  })

  it('names the fields of an object once, whatever lies between objects of a shape', () => {
    const record = (i: number): unknown => ({ customer: { address: 'x', zip: i }, items: [i] })

    const first = encode([record(0)]).length
    const both = encode([record(0), record(1)]).length

    expect(both - first).toBe(8)
    expect(decode(encode([record(0), record(1), record(2)]))).toStrictEqual([0, 1, 2].map(record))
  })

  it('tells shapes apart that have the same fields in another order', () => {
    const values = [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }, { a: 1, b: 2 }, {}, { b: 3, a: 4 }]

    const names = decode(encode(values)).map((value) => Object.keys(value as object))

    expect(names).toStrictEqual(values.map((value) => Object.keys(value)))
  })

  it('keeps reading when there are more shapes than it numbers', () => {
    const values = Array.from({ length: 3000 }, (_, i) => ({ [`field${i % 1500}`]: i }))

    expect(isDeepStrictEqual(decode(encode(values)), values)).toBe(true)
  })

  it('keeps a field named __proto__ a field', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"a":1}')

    const [read] = decode(encode([value, value])) as object[]

    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(Object.keys(read ?? {})).toStrictEqual(['__proto__', 'a'])
  })

  it('gives bytes memory of their own', () => {
    const stored = encode([new Uint8Array([1, 2, 3]), Buffer.from([4])])
    const [bytes, buffer] = decode(stored)
    stored.fill(0)

    expect(bytes).toStrictEqual(new Uint8Array([1, 2, 3]))
    expect(buffer).toStrictEqual(Buffer.from([4]))
    expect((bytes as Uint8Array).buffer.byteLength).toBe(3)
  })

  it('reads holes of arrays as undefined', () => {
    const holes: number[] = []
    holes[2] = 3

    expect(decode(encode([holes]))).toStrictEqual([[undefined, undefined, 3]])
  })
})

class Customer {
  readonly id = 1
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i += 1) value = [value]
  return value
}

function cycle(): unknown {
  const node: { next?: unknown } = {}
  node.next = node
  return node
}

describe('a value without serial form', () => {
  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an instance of the class "Customer"', new Customer()],
    ['an instance of the class "Promise"', Promise.resolve()],
    ['an instance of the class "Float64Array"', new Float64Array(1)],
    ['a function at ".customer.address\\[3\\]"', { customer: { address: [1, 2, 3, () => 1] } }],
    ['a symbol at "\\["a b"\\]"', { 'a b': Symbol('x') }],
    [
      'an instance of the class "Customer" at "<value 1>.x"',
      new Map([
        [1, 2],
        [3, { x: new Customer() }],
      ] as [number, unknown][]),
    ],
    ['a function at "<key 0>"', new Map([[() => 1, 1]])],
    ['a function at "<element 1>"', new Set([1, () => 1])],
    ['a cycle, or a value nested deeper than 100, at ".next.next', cycle()],
    ['a cycle, or a value nested deeper than 100, at "\\[0\\]\\[0\\]', nested(101)],
  ])('is refused, naming its state and %s', (what, value) => {
    expect(() => encode([value])).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_UNSERIALIZABLE',
        message: expect.stringMatching(
          new RegExp(`^state "total" of operator "sum" holds ${what}`),
        ) as unknown,
        hint: expect.stringContaining('plain') as unknown,
      }) as Error,
    )
  })

  it('is not one that is nested a hundred deep', () => {
    expect(decode(encode([nested(100)]))).toStrictEqual([nested(100)])
  })
})

describe('bytes that are no values', () => {
  it.each([
    ['an unknown type', '14'],
    ['another unknown type', '3f'],
    ['a string that ends early', '436162'],
    ['a length beyond the end', '0effffffff0f'],
    ['a number beyond 2^53', '04ffffffffffffff7f'],
    ['a varint without end', '04ffffffffffffffffff'],
    ['a shape that was not defined', '60'],
    ['a field name that is a number', '11018181'],
    ['values nested too deep', '0e01'.repeat(102)],
    ['a bigint that ends early', '0705ff'],
  ])('are refused: %s', (_, hex) => {
    expect(() => decode(fromHex(hex))).toThrow(
      expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
    )
  })

  it('never give anything but a value or that error', () => {
    const prng = new SeededPrng(5)
    const bytes = encode(Array.from({ length: 10 }, () => randomValue(prng)))
    for (let i = 0; i < 500; i += 1) {
      const damaged = bytes.slice()
      damaged[Math.floor(prng.next() * damaged.length)] = Math.floor(prng.next() * 256)

      expect(codeOf(() => decode(damaged))).toBeOneOf([undefined, 'FLINKTS_STATE_UNREADABLE'])
    }
  })
})

function codeOf(action: () => void): unknown {
  try {
    action()
    return undefined
  } catch (thrown) {
    return (thrown as { readonly code?: unknown }).code ?? thrown
  }
}
