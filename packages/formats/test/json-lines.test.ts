import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteBuffer, decodeJson, jsonLines } from '../src/index.ts'
import type { DecodedRecord, DecodeRange, JsonLinesOptions, ReadFormat } from '../src/index.ts'
import { failureOf } from './failure.ts'

/** Decodes a range of a file that is pushed in chunks of `chunkBytes`. */
function decode(
  file: Uint8Array,
  options: Partial<DecodeRange> & {
    readonly chunkBytes?: number
    readonly format?: ReadFormat<unknown>
  } = {},
): DecodedRecord<unknown>[] {
  const { chunkBytes = file.length + 1, format = jsonLines(), start = 0 } = options
  const range = { name: 'in.jsonl', end: file.length, position: start, ...options, start }
  const decoder = format.createDecoder(range)
  const records: DecodedRecord<unknown>[] = []
  const drain = (): void => {
    for (let record = decoder.next(); record !== undefined; record = decoder.next()) {
      records.push(record)
    }
  }
  for (let at = decoder.readFrom; at < file.length && !decoder.finished; at += chunkBytes) {
    decoder.push(file.subarray(at, at + chunkBytes))
    drain()
  }
  if (!decoder.finished) {
    decoder.pushEnd()
    drain()
  }
  expect(decoder.finished).toBe(true)
  return records
}

function values(records: readonly DecodedRecord<unknown>[]): unknown[] {
  return records.map((record) => record.value)
}

function encode(records: readonly unknown[]): Uint8Array {
  const encoder = jsonLines().createEncoder()
  const out = new ByteBuffer()
  for (const record of records) encoder.encode(record, out)
  encoder.finish(out)
  return out.take()
}

/** Files with every kind of line and line end, and the values that they hold. */
const files = fc
  .record({
    lines: fc.array(
      fc.record({
        text: fc.oneof(
          fc.constant(''),
          fc.constant('  '),
          fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
          fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify({ value })),
          fc.bigInt().map((value) => `{"big":${value}}`),
        ),
        lineEnd: fc.constantFrom('\n', '\r\n'),
      }),
      { maxLength: 12 },
    ),
    endsOpen: fc.boolean(),
    marked: fc.boolean(),
  })
  .map(({ lines, endsOpen, marked }) => {
    const text = lines.map((line) => line.text + line.lineEnd).join('')
    const body = endsOpen ? text.replace(/\r?\n$/, '') : text
    return Buffer.from((marked ? '\ufeff' : '') + body)
  })

describe('encoding', () => {
  test('writes one line a record', () => {
    const bytes = encode([{ id: 1 }, 'a\nb', [2n ** 63n]])

    expect(Buffer.from(bytes).toString()).toBe('{"id":1}\n"a\\nb"\n[9223372036854775808]\n')
  })

  test('leaves the buffer as it was when a record cannot be written', () => {
    const encoder = jsonLines().createEncoder()
    const out = new ByteBuffer()
    encoder.encode({ id: 1 }, out)

    const failure = failureOf(() => encoder.encode({ id: Number.NaN }, out))

    expect(failure.code).toBe('FLINKTS_RECORD_UNENCODABLE')
    expect(Buffer.from(out.take()).toString()).toBe('{"id":1}\n')
  })
})

describe('decoding', () => {
  test('gives every record with its offsets, end exclusive', () => {
    const records = decode(Buffer.from('{"a":1}\n\r\n"ü"\r\n3'))

    expect(records).toEqual([
      { value: { a: 1 }, start: 0, end: 8 },
      { value: 'ü', start: 10, end: 16 },
      { value: 3, start: 16, end: 17 },
    ])
  })

  test('skips a byte order mark', () => {
    expect(decode(Buffer.from('\ufeff{"a":1}\n'), { chunkBytes: 1 })).toEqual([
      { value: { a: 1 }, start: 0, end: 11 },
    ])
  })

  test('gives the same records however the file is cut into chunks', () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 9 }), (file, chunkBytes) => {
        expect(decode(file, { chunkBytes })).toEqual(decode(file))
      }),
    )
  })

  test('ranges yield every record once, whatever their borders', () => {
    fc.assert(
      fc.property(files, fc.array(fc.nat({ max: 80 })), (file, cuts) => {
        const inside = cuts.filter((cut) => cut < file.length).toSorted((a, b) => a - b)
        const borders = [0, ...inside, file.length]
        const parts = borders.slice(1).flatMap((end, index) => {
          const start = borders[index] ?? 0
          return decode(file, { start, end, chunkBytes: 7 }).map((record) => {
            expect(record.start).toBeGreaterThanOrEqual(start)
            expect(record.start).toBeLessThan(end)
            return record
          })
        })
        expect(parts).toEqual(decode(file))
      }),
    )
  })

  test('goes on after any record', () => {
    fc.assert(
      fc.property(files, fc.nat({ max: 60 }), (file, cut) => {
        const start = Math.min(cut, file.length)
        const all = decode(file, { start })
        for (const [index, { end }] of all.entries()) {
          expect(decode(file, { start, position: end, chunkBytes: 5 })).toEqual(
            all.slice(index + 1),
          )
        }
      }),
    )
  })

  test('needs no byte after the last line of its range', () => {
    const decoder = jsonLines().createDecoder({ name: 'f', start: 0, end: 2, position: 0 })

    decoder.push(Buffer.from('1\n2\n'))

    expect(decoder.next()).toEqual({ value: 1, start: 0, end: 2 })
    expect(decoder.finished).toBe(true)
    expect(decoder.next()).toBeUndefined()
  })

  test('turns lines into records by parse', () => {
    const format = jsonLines({ parse: (value) => `<${String(value)}>` })

    expect(values(decode(Buffer.from('1\n2\n'), { format }))).toEqual(['<1>', '<2>'])
  })
})

describe('bytes that are no record', () => {
  const refuse = {
    parse: (): never => {
      throw new RangeError('amount is negative')
    },
  }
  const cases: readonly (readonly [string, Uint8Array, JsonLinesOptions<unknown>, string])[] = [
    ['a line that is no JSON', Buffer.from('1\n{"a":\n3\n'), {}, 'file "in.jsonl" at byte 2 is'],
    ['two values in a line', Buffer.from('1\n2 3\n'), {}, 'file "in.jsonl" at byte 2 is'],
    ['a value that parse refuses', Buffer.from('1\n'), refuse, 'amount is negative'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), {}, 'not UTF-8'],
    ['a line that is too long', Buffer.from('1\n2\n"3456"\n'), { lineBytesMax: 5 }, '5 bytes'],
    [
      'a file without line feeds',
      Buffer.from('1\n'.padEnd(99, 'x')),
      { lineBytesMax: 5 },
      '5 bytes',
    ],
  ]

  test.each(cases)('%s: names the file and the byte', (_name, file, options, message) => {
    for (const chunkBytes of [1, 3, 100]) {
      const failure = failureOf(() => decode(file, { chunkBytes, format: jsonLines(options) }))

      expect(failure.code).toBe('FLINKTS_RECORD_UNDECODABLE')
      expect(failure.message).toContain(message)
    }
  })

  test('shows the beginning of a long line only', () => {
    const failure = failureOf(() => decode(Buffer.from(`${'x'.repeat(500)}\n`)))

    expect(failure.message).toMatch(/"x{60}…"$/)
  })

  test('a line of exactly the greatest length is read, with either line end', () => {
    const format = jsonLines({ lineBytesMax: 6 })
    const file = Buffer.from('"1234"\r\n"5678"\n"9012"')

    for (const chunkBytes of [1, 4, 100]) {
      expect(values(decode(file, { chunkBytes, format }))).toEqual(['1234', '5678', '9012'])
    }
  })
})

describe('options', () => {
  test.each([
    [{ bigints: 'rounded' }, 'bigints'],
    [{ bytes: 'utf8' }, 'bytes'],
    [{ lineBytesMax: 0 }, 'lineBytesMax'],
    [{ lineBytesMax: 2 ** 40 }, 'lineBytesMax'],
    [{ parse: 'schema' }, 'parse'],
  ])('refuses %o', (options, name) => {
    // As a JavaScript user would call it.
    const create: (options: never) => unknown = jsonLines

    const failure = failureOf(() => create(options as never))

    expect(failure.code).toBe('FLINKTS_OPTION_INVALID')
    expect(failure.message).toContain(`"${name}"`)
  })
})

test('whatever was encoded is decoded again', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (records) => {
      // Not the records: JSON has no negative zero, and large integers come back as bigints.
      const plain = decodeJson(JSON.stringify(records))
      expect(values(decode(encode(records), { chunkBytes: 11 }))).toEqual(plain)
    }),
  )
})
