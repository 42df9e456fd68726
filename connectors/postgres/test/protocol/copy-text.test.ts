import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/records/change.ts'
import { CopyTextDecoder } from '../../src/protocol/copy-text.ts'
import type { RowDecoder } from '../../src/protocol/row-decoder.ts'
import { decodeBytes, decodeInteger, decodeText } from '../../src/values/scalar-decoders.ts'

const columns: RowDecoder = {
  names: ['id', 'name', 'data'],
  decoders: [decodeInteger, decodeText, decodeBytes],
}

function line(text: string, decoder: RowDecoder = columns): Row {
  const bytes = Buffer.from(`x${text}x`)
  return new CopyTextDecoder(decoder).decode({ bytes, start: 1, end: bytes.length - 1 })
}

describe('a line of COPY', () => {
  test('holds the values of a row', () => {
    expect(line('1\tone\t\\\\xff00\n')).toEqual({ id: 1, name: 'one', data: Uint8Array.of(255, 0) })
  })

  test('tells null from the empty string and from the letters', () => {
    expect(line('\\N\t\t\\N\n')).toEqual({ id: null, name: '', data: null })
    expect(line('1\t\\\\N\t\\N\n')).toHaveProperty('name', '\\N')
    expect(line('1\tN\t\\N\n')).toHaveProperty('name', 'N')
  })

  test('escapes control characters and backslashes', () => {
    expect(line('1\t\\b\\f\\n\\r\\t\\v\\\\\t\\N\n')).toHaveProperty('name', '\b\f\n\r\t\v\\')
  })

  test('survives any text, escaped as Postgres does', () => {
    const names = ['a', 'b', 'c', 'd']
    const texts: RowDecoder = { names, decoders: names.map(() => decodeText) }
    const value = fc.option(fc.string({ unit: 'grapheme', maxLength: 9000 }), { nil: null })
    fc.assert(
      fc.property(fc.array(value, { minLength: 4, maxLength: 4 }), (values) => {
        const row = line(`${values.map(escaped).join('\t')}\n`, texts)
        expect(Object.values(row)).toEqual(values)
      }),
    )
  })

  test('of a table without columns is empty', () => {
    expect(line('\n', { names: [], decoders: [] })).toEqual({})
  })

  test.each([
    '1\tone\t\\N',
    '1\tone\n',
    '1\none\t\\N\n',
    '1\tone\t\\N\t2\n',
    '1\tone\t\\N\n\n',
    '\n',
    '',
  ])('is refused without exactly its columns: %j', (text) => {
    expect(() => line(text)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })
})

const escapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

function escaped(value: string | null): string {
  return value?.replaceAll(/[\b\f\n\r\t\v\\]/g, (character) => escapes[character] ?? '') ?? '\\N'
}
