import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PgValue } from '../../src/records/change.ts'
import { arrayDecoder } from '../../src/values/array-decoder.ts'
import { decodeInteger, decodeText } from '../../src/values/scalar-decoders.ts'
import { decoded } from './decoded.ts'

const integers = arrayDecoder(decodeInteger, ',')
const texts = arrayDecoder(decodeText, ',')

describe('arrays', () => {
  test.each<[string, readonly PgValue[]]>([
    ['{}', []],
    ['{1}', [1]],
    ['{1,NULL,-3}', [1, null, -3]],
    [
      '{{1,2},{3,4}}',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['{{{1}},{{NULL}}}', [[[1]], [[null]]]],
    ['[0:1]={5,6}', [5, 6]],
    [
      '[2:3][-1:0]={{1,2},{3,4}}',
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])('%s', (text, value) => {
    expect(decoded(integers, text)).toEqual(value)
  })

  test.each<[string, readonly PgValue[]]>([
    ['{a,"b c","d,e"}', ['a', 'b c', 'd,e']],
    ['{NULL,"NULL","null",null}', [null, 'NULL', 'null', 'null']],
    [String.raw`{"","\"","\\","{}"}`, ['', '"', '\\', '{}']],
    ['{żółw,"🐢 x"}', ['żółw', '🐢 x']],
  ])('of text: %s', (text, value) => {
    expect(decoded(texts, text)).toEqual(value)
  })

  test('of boxes are separated by semicolons', () => {
    const boxes = arrayDecoder(decodeText, ';')

    expect(decoded(boxes, '{(1,1),(0,0);(2,2),(0,0)}')).toEqual(['(1,1),(0,0)', '(2,2),(0,0)'])
  })

  test('survive being written as Postgres writes them', () => {
    const element = fc.option(fc.string({ unit: 'grapheme' }), { nil: null })
    fc.assert(
      fc.property(fc.array(element), (values) => {
        expect(decoded(texts, arrayText(values))).toEqual(values)
      }),
    )
  })

  test.each(['', '1', '{1', '{1}2', '{1,2', '{"a}', '{"a"b}'])('refuses %j', (text) => {
    expect(() => decoded(texts, text)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })
})

function arrayText(values: readonly (string | null)[]): string {
  const elements = values.map((value) =>
    value === null ? 'NULL' : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  )
  return `{${elements.join(',')}}`
}
