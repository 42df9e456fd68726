import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type WireForm, WireReader } from '../../src/protocol/wire-reader.ts'
import { WireWriter } from '../../src/protocol/wire-writer.ts'

const compact: WireForm = { api: 'Test', version: 1, flexible: true }
const plain: WireForm = { api: 'Test', version: 0, flexible: false }

function written(form: WireForm, write: (writer: WireWriter) => void): WireReader {
  const writer = new WireWriter(form)
  write(writer)
  return new WireReader(writer.finish(), form)
}

function violated(problem: string): Error {
  return expect.objectContaining({
    code: 'FLINKTS_KAFKA_PROTOCOL_VIOLATED',
    message: expect.stringContaining(problem) as string,
  }) as Error
}

describe.each([compact, plain])('the form with flexible: $flexible', (form) => {
  test('gives back what was written', () => {
    const values = fc.record({
      tiny: fc.integer({ min: -128, max: 127 }),
      small: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
      middle: fc.integer(),
      large: fc.maxSafeInteger(),
      varint: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      text: fc.string({ unit: 'binary' }),
      maybe: fc.option(fc.string(), { nil: undefined }),
      bytes: fc.uint8Array({ maxLength: 600 }),
      list: fc.array(fc.integer()),
      names: fc.array(fc.string()),
    })
    fc.assert(
      fc.property(values, (value) => {
        const reader = written(form, (writer) => {
          writer.int8(value.tiny)
          writer.int16(value.small)
          writer.int32(value.middle)
          writer.int64(value.large)
          writer.unsignedVarint(value.varint)
          writer.string(value.text)
          writer.nullableString(value.maybe)
          writer.bytes(value.bytes)
          writer.int32Array(value.list)
          writer.stringArray(value.names)
          writer.noTags()
        })
        expect(reader.int8()).toBe(value.tiny)
        expect(reader.int16()).toBe(value.small)
        expect(reader.int32()).toBe(value.middle)
        expect(reader.int64()).toBe(value.large)
        expect(reader.unsignedVarint()).toBe(value.varint)
        expect(reader.string()).toBe(value.text)
        expect(reader.nullableString()).toBe(value.maybe)
        expect(reader.nullableBytes()).toEqual(Buffer.from(value.bytes))
        expect(reader.int32Array()).toEqual(value.list)
        expect(reader.stringArray()).toEqual(value.names)
        reader.tags()
        reader.expectEnd()
      }),
    )
  })

  test('refuses an array of more elements than there are bytes', () => {
    const reader = written(form, (writer) => {
      if (form.flexible) writer.unsignedVarint(2 ** 31 - 1)
      else writer.int32(2 ** 31 - 1)
    })

    expect(() => reader.int32Array()).toThrow(violated('an array of 21474836'))
  })

  test('refuses null where there must be a value', () => {
    const reader = written(form, (writer) => {
      writer.nullableString(undefined)
      writer.nullableArray(undefined, () => {})
    })

    expect(() => reader.string()).toThrow(violated('null for a string'))
    expect(() => reader.stringArray()).toThrow(violated('null for an array'))
  })
})

describe('WireReader', () => {
  test('refuses a negative length', () => {
    const reader = written(plain, (writer) => {
      writer.int32(-2)
    })

    expect(() => reader.nullableBytes()).toThrow(violated('a length of -2'))
  })

  test('refuses a number beyond 2^53 instead of rounding it', () => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(2n ** 53n)

    expect(() => new WireReader(bytes, plain).int64()).toThrow(violated('beyond 2^53'))
  })

  test('refuses a varint without an end', () => {
    const bytes = Buffer.alloc(9, 0xff)

    expect(() => new WireReader(bytes, compact).unsignedVarint()).toThrow(violated('a varint'))
  })

  test('passes over tagged fields that it does not know', () => {
    const reader = new WireReader(Buffer.from([2, 7, 3, 1, 2, 3, 9, 1, 5, 42]), compact)
    const seen: (readonly number[])[] = []

    reader.tags((tag) => {
      if (tag === 9) seen.push([tag, reader.int8()])
    })

    expect(seen).toEqual([[9, 5]])
    expect(reader.int8()).toBe(42)
    reader.expectEnd()
  })

  test('lets a tagged field read nothing beyond its end', () => {
    const reader = new WireReader(Buffer.from([1, 0, 2, 1, 2, 3, 4]), compact)

    expect(() => reader.tags(() => reader.int32())).toThrow(violated('4 bytes announced, 2 there'))
  })

  test('takes the id of nothing for none', () => {
    const reader = written(compact, (writer) => {
      writer.uuid(undefined)
      writer.uuid('QWxzIGRhcyBLaW5kIEtpbg')
    })

    expect(reader.uuid()).toBeUndefined()
    expect(reader.uuid()).toBe('QWxzIGRhcyBLaW5kIEtpbg')
  })
})
