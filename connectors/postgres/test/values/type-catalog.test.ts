import { describe, expect, test } from 'vitest'
import { TypeCatalog } from '../../src/values/type-catalog.ts'
import type { TypeSource } from '../../src/values/type-catalog.ts'
import { decoded } from './decoded.ts'

const catalogRows: readonly Readonly<Record<string, string | null>>[] = [
  { oid: '16400', name: 'public.mood', delimiter: ',', base_oid: null, element_oid: null },
  { oid: '16399', name: 'public.mood[]', delimiter: ',', base_oid: null, element_oid: '16400' },
  { oid: '16410', name: 'public.positive', delimiter: ',', base_oid: '16411', element_oid: null },
  { oid: '16411', name: 'public.whole', delimiter: ',', base_oid: '20', element_oid: null },
  { oid: '16420', name: 'public.tags', delimiter: ',', base_oid: '1009', element_oid: null },
  { oid: '603', name: 'box', delimiter: ';', base_oid: null, element_oid: null },
  { oid: '1020', name: 'box[]', delimiter: ';', base_oid: null, element_oid: '603' },
]

/** A database with these types. */
function source(): TypeSource & { readonly asked: (readonly (string | null)[] | undefined)[] } {
  const asked: (readonly (string | null)[] | undefined)[] = []
  return {
    asked,
    query: (_sql, parameters) => {
      asked.push(parameters)
      return Promise.resolve(catalogRows)
    },
  }
}

describe('built-in types', () => {
  test('are known without a database', () => {
    const types = new TypeCatalog()

    expect(types.missing([20, 25, 1016, 16_400, 16_400])).toEqual([16_400])
    expect(decoded(types.decoderOf(20), '9007199254740993')).toBe(9_007_199_254_740_993n)
    expect(decoded(types.decoderOf(1016), '{1,NULL}')).toEqual([1n, null])
  })

  test('read JSON as text unless told to parse it', () => {
    const text = '{"a": 1.10}'

    expect(decoded(new TypeCatalog().decoderOf(3802), text)).toBe(text)
    expect(decoded(new TypeCatalog({ json: 'parse' }).decoderOf(3802), text)).toEqual({ a: 1.1 })
    expect(decoded(new TypeCatalog({ json: 'parse' }).decoderOf(199), '{"[1]"}')).toEqual([[1]])
  })
})

describe('types of the database', () => {
  test('are read once', async () => {
    const types = new TypeCatalog()
    const database = source()

    await types.load(database, [16_400, 25])
    await types.load(database, [16_400, 16_399])

    expect(database.asked).toEqual([['{16400}']])
  })

  test.each([
    ['an enum as text', 16_400, 'sad', 'sad'],
    ['an array of enums', 16_399, '{sad,ok}', ['sad', 'ok']],
    ['a domain over a domain as its base type', 16_410, '5', 5n],
    ['a domain over an array', 16_420, '{a,b}', ['a', 'b']],
    [
      'an array with its delimiter',
      1020,
      '{(1,1),(0,0);(2,2),(0,0)}',
      ['(1,1),(0,0)', '(2,2),(0,0)'],
    ],
  ])('read %s', async (_what, oid, text, value) => {
    const types = new TypeCatalog()
    await types.load(source(), [oid])

    expect(decoded(types.decoderOf(oid), text)).toEqual(value)
  })

  test('that are gone are read as text', async () => {
    const types = new TypeCatalog()

    await types.load(source(), [17_000])

    expect(types.get(17_000)?.name).toBe('dropped type 17000')
    expect(decoded(types.decoderOf(17_000), '{x}')).toBe('{x}')
  })

  test('must be loaded before they are used', () => {
    expect(() => new TypeCatalog().decoderOf(16_400)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }),
    )
  })
})

describe('names of columns types', () => {
  test.each([
    [23, -1, 'integer'],
    [1700, -1, 'numeric'],
    [1700, ((10 << 16) | 2) + 4, 'numeric(10,2)'],
    [1700, ((3 << 16) | 0x7fd) + 4, 'numeric(3,-3)'],
    [1043, 24, 'character varying(20)'],
    [1015, 24, 'character varying(20)[]'],
    [1042, 5, 'character(1)'],
    [1184, 3, 'timestamp(3) with time zone'],
    [1083, 0, 'time(0) without time zone'],
    [1007, -1, 'integer[]'],
  ])('%i with the modifier %i is %s', (oid, modifier, name) => {
    expect(new TypeCatalog().nameOf(oid, modifier)).toBe(name)
  })
})
