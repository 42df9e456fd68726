import { describe, expect, test } from 'vitest'
import type { Key, KeyColumn, KeyOrder } from '../../src/snapshot/key-order.ts'
import {
  compareKeys,
  keyCondition,
  keyOf,
  keyText,
  orderList,
  parseKey,
} from '../../src/snapshot/key-order.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

/** Values in the order of the server, each list ascending. */
const ascending: readonly (readonly [KeyOrder, readonly Key[number][]])[] = [
  ['native', ['-Infinity', -1.5, -1, 0, 2n, 3, 2n ** 62n, 'Infinity', 'NaN']],
  ['native', [false, true]],
  [
    'decimal',
    ['-Infinity', '-100', '-99.5', '-0.01', '0', '0.009', '0.1', '9', '10.25', 'Infinity', 'NaN'],
  ],
  ['bytes', [bytes(''), bytes('00'), bytes('01ff'), bytes('02'), bytes('ff00')]],
  [
    'timestamp',
    [
      '-infinity',
      '-004712-01-01T00:00:00.000000Z',
      '-000043-03-15T00:00:00.000000Z',
      '0000-12-31T00:00:00.000000Z',
      '2024-05-06T07:08:09.000000Z',
      '2024-05-06T07:08:09.100000Z',
      '+012024-01-01T00:00:00.000000Z',
      'infinity',
    ],
  ],
  ['text', ['', '\t', ' ', 'A', 'Z', 'a', 'ab', 'ä', '€', '\uFFFD', '😀']],
  ['output', ['10.0.0.1', '10.0.0.10', '9.0.0.0']],
]

describe('keys', () => {
  test.for(ascending)('of order %s compare as on the server', ([order, values]) => {
    const columns: readonly KeyColumn[] = [{ name: 'k', order }]

    for (const [i, left] of values.entries()) {
      for (const [j, right] of values.entries()) {
        const compared = Math.sign(compareKeys(columns, [left], [right]))
        expect([left, right, compared]).toEqual([left, right, Math.sign(i - j)])
      }
    }
  })

  test.for(ascending)('of order %s come back from their text', ([order, values]) => {
    const columns: readonly KeyColumn[] = [{ name: 'k', order }]

    for (const value of values) {
      const again = parseKey(columns, keyText([value]))
      expect([value, compareKeys(columns, again, [value])]).toEqual([value, 0])
    }
  })

  test('equal as numbers are equal, however they are written', () => {
    expect(compareKeys([{ name: 'k', order: 'decimal' }], ['1.50'], ['1.5'])).toBe(0)
    expect(compareKeys([{ name: 'k', order: 'native' }], [5n], [5])).toBe(0)
    expect(compareKeys([{ name: 'k', order: 'decimal' }], ['-0.0'], ['0'])).toBe(0)
  })

  test('of several columns compare by the first that differs', () => {
    const columns: readonly KeyColumn[] = [
      { name: 'a', order: 'text' },
      { name: 'b', order: 'native' },
    ]

    expect(compareKeys(columns, ['x', 2], ['x', 10])).toBeLessThan(0)
    expect(compareKeys(columns, ['y', 1], ['x', 10])).toBeGreaterThan(0)
    expect(keyOf(columns, { b: 1, c: 3, a: 'x' })).toEqual(['x', 1])
  })
})

describe('a condition', () => {
  test('is in the order of the key', () => {
    const columns: readonly KeyColumn[] = [
      { name: 'na"me', order: 'collated-text' },
      { name: 'ip', order: 'output' },
    ]

    expect(orderList(columns)).toBe(`"na""me" COLLATE "C", format('%s', "ip") COLLATE "C"`)
    expect(keyCondition(columns, '>', [`d'or`, '::1'])).toBe(
      `("na""me" COLLATE "C", format('%s', "ip") COLLATE "C") > ('d''or', '::1')`,
    )
  })

  test('of one column is plain, so that its index is used', () => {
    expect(keyCondition([{ name: 'id', order: 'native' }], '<', ['7'])).toBe(`"id" < '7'`)
  })

  test.for([
    ['2024-05-06', '2024-05-06'],
    ['+012024-05-06', '12024-05-06'],
    ['0000-05-06', '0001-05-06 BC'],
    ['-000043-03-15T01:02:03.000000Z', '0044-03-15T01:02:03.000000Z BC'],
    ['-infinity', '-infinity'],
  ] as const)('with the date %s is one that Postgres reads', ([text, literal]) => {
    const columns: readonly KeyColumn[] = [{ name: 'd', order: 'timestamp' }]

    expect(keyCondition(columns, '>=', [text])).toBe(`"d" >= '${literal}'`)
  })
})
