import { describe, expect, it } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { ByteReader } from '../../src/state/byte-reader.ts'
import { ByteWriter, lowestFirst } from '../../src/state/byte-writer.ts'
import { randomBigint, randomString } from './random-value.ts'

describe('a byte writer', () => {
  it('grows from any capacity, and a reader gives back what it wrote', () => {
    const prng = new SeededPrng(2)
    for (let run = 0; run < 50; run += 1) {
      const out = new ByteWriter(1 + randomBelow(prng, 20))
      const numbers = Array.from({ length: 20 }, () => Math.floor(2 ** (prng.next() * 53)))
      const texts = numbers.map(() => randomString(prng))
      const bigs = numbers.map(() => randomBigint(prng)).filter((big) => big >= 0n)
      for (const number of numbers) out.varint(number)
      for (const text of texts) out.utf16(text)
      for (const text of texts) out.utf8(text.toWellFormed())
      for (const big of bigs) out.magnitude(big)
      out.uint32(0xfffffffe)
      out.int32(-2)
      out.float64(0.1)

      const bytes = new ByteReader(out.written())

      expect(numbers.map(() => bytes.varint())).toStrictEqual(numbers)
      expect(texts.map(() => bytes.utf16())).toStrictEqual(texts)
      expect(texts.map(() => bytes.utf8())).toStrictEqual(texts.map((text) => text.toWellFormed()))
      expect(bigs.map(() => bytes.magnitude())).toStrictEqual(bigs)
      expect([bytes.uint32(), bytes.int32(), bytes.float64()]).toStrictEqual([0xfffffffe, -2, 0.1])
      expect(bytes.remaining).toBe(0)
    }
  })

  it('takes back what follows a position', () => {
    const out = new ByteWriter()
    out.uint8(1)
    out.uint32(7)
    out.truncate(1)
    out.uint8(2)

    expect([...out.written()]).toStrictEqual([1, 2])
    expect(() => out.truncate(3)).toThrow('beyond its end')
    expect(() => out.uint32At(0, 1)).toThrow('beyond its end')
  })

  it('writes no text as ASCII that is not', () => {
    const out = new ByteWriter()

    expect(out.ascii('aé')).toBe(false)
    expect(out.length).toBe(0)
    expect(out.ascii('ae')).toBe(true)
    expect(out.length).toBe(2)
  })
})

describe('a byte reader', () => {
  it('reads a part of a buffer, and nothing around it', () => {
    const bytes = new ByteReader(Uint8Array.from([9, 1, 2, 3, 9]).subarray(1, 4))

    expect([...bytes.bytes(2)]).toStrictEqual([1, 2])
    expect(bytes.position).toBe(2)
    expect([...bytes.copy(1)]).toStrictEqual([3])
    expect(() => bytes.uint8()).toThrow(
      expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
    )
  })

  it.each([
    ['uint32', (bytes: ByteReader) => bytes.uint32()],
    ['int32', (bytes: ByteReader) => bytes.int32()],
    ['float64', (bytes: ByteReader) => bytes.float64()],
    ['bytes', (bytes: ByteReader) => bytes.bytes(4)],
    ['copy', (bytes: ByteReader) => bytes.copy(4)],
    ['ascii', (bytes: ByteReader) => bytes.ascii(4)],
    ['utf8', (bytes: ByteReader) => bytes.utf8()],
    ['utf16', (bytes: ByteReader) => bytes.utf16()],
    ['magnitude', (bytes: ByteReader) => bytes.magnitude()],
    ['count', (bytes: ByteReader) => bytes.count(1)],
  ])('does not read %s beyond the end', (_, read) => {
    expect(() => read(new ByteReader(Uint8Array.from([3, 97, 97])))).toThrow(
      expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
    )
  })
})

describe('the bytes of numbers side by side', () => {
  it.each([1, 2, 4] as const)('are read as they were written, %i each, however many', (width) => {
    for (const count of [0, 1, 1024, 1025, 5000]) {
      const numbers = Int32Array.from({ length: count }, (_, i) => (i % 256) - 128)
      const out = new ByteWriter()
      out.uint8(0)
      out.integers(numbers, width)
      const reader = new ByteReader(out.written().subarray(1))

      expect(reader.integers(count, width)).toStrictEqual(numbers)
      expect(reader.remaining).toBe(0)
    }
  })

  it.each([
    [Int8Array.of(1, -2), [1, 0xfe]],
    [Int16Array.of(1, -2), [1, 0, 0xfe, 0xff]],
    [Int32Array.of(1, -2), [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]],
    [Float64Array.of(1.5), [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]],
  ])('begin with the lowest, whatever the order of the machine: %o', (numbers, expected) => {
    const view = new DataView(numbers.buffer)
    const swapped = numbers.map((number, index) => {
      const at = index * numbers.BYTES_PER_ELEMENT
      // Read as a machine of the other order would have written it.
      if (numbers instanceof Int16Array) return view.getInt16(at, false)
      if (numbers instanceof Int32Array) return view.getInt32(at, false)
      return numbers instanceof Float64Array ? view.getFloat64(at, false) : number
    })

    expect([...lowestFirst(numbers, true)]).toStrictEqual(expected)
    expect([...lowestFirst(swapped, false)]).toStrictEqual(expected)
  })
})
