import { Buffer } from 'node:buffer'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { ByteReader } from '../../src/state/byte-reader.ts'
import { ByteWriter } from '../../src/state/byte-writer.ts'
import {
  type Key,
  keyGroupOf,
  keyGroupRange,
  keyIdentity,
  keyOfIdentity,
  readKey,
  subtaskOfKeyGroup,
  writeKey,
} from '../../src/state/key.ts'
import { murmur3 } from '../../src/state/murmur3.ts'
import { randomKey } from './random-value.ts'

/**
 * Key, canonical bytes, hash, key group of 128. Made by another program from the description of
 * the encoding; they hold for ever: a change moves keys away from their state.
 */
const golden: readonly (readonly [Key, string, number, number])[] = [
  [false, '01', 3831157163, 43],
  [true, '02', 1814548639, 31],
  [0, '0300000000', 4086676264, 40],
  [1, '0301000000', 2931927037, 125],
  [-1, '03ffffffff', 2427370665, 41],
  [42, '032a000000', 1769523029, 85],
  [2_147_483_647, '03ffffff7f', 3022268430, 14],
  [-2_147_483_648, '0300000080', 1384377451, 107],
  [2_147_483_648, '04000000000000e041', 2696595566, 110],
  [Number.MAX_SAFE_INTEGER, '04ffffffffffff3f43', 4090963282, 82],
  [2 ** 53, '050000000000004043', 2735525394, 18],
  [0.5, '05000000000000e03f', 4065261452, 12],
  [-1.5, '05000000000000f8bf', 3221291938, 34],
  [Number.POSITIVE_INFINITY, '05000000000000f07f', 3539488659, 19],
  [0n, '0600', 3991938273, 97],
  [1n, '060101', 3653722090, 106],
  [-1n, '070101', 3513835006, 126],
  [2n ** 64n, '0609000000000000000001', 1388170258, 18],
  ['', '0800', 1020047615, 127],
  ['a', '080161', 954260690, 82],
  ['key1', '08046b657931', 4205583620, 4],
  ['hello world', '080b68656c6c6f20776f726c64', 2297880541, 93],
  ['é', '0802c3a9', 730828004, 100],
  ['日本', '0806e697a5e69cac', 1372203592, 72],
  ['😀', '0804f09f9880', 1885364672, 64],
  ['\uD800', '090100d8', 3026780089, 57],
  ['x'.repeat(127), `087f${'78'.repeat(127)}`, 3832960027, 27],
  ['x'.repeat(128), `088001${'78'.repeat(128)}`, 3944920924, 92],
  [[], '0a00', 594679672, 120],
  [['a', 1], '0a020801610301000000', 2116511902, 30],
  [[['a'], [true, 1n]], '0a020a010801610a0202060101', 1980729327, 111],
]

const namedGolden = golden.map((row) => [inspect(row[0]), ...row] as const)

function bytesOf(key: Key): Uint8Array {
  const out = new ByteWriter()
  writeKey(out, key, 'op')
  return out.written().slice()
}

function hexOf(key: Key): string {
  return Buffer.from(bytesOf(key)).toString('hex')
}

describe('the key encoding', () => {
  it.each(namedGolden)('gives %s the bytes, hash and key group it always had', (...row) => {
    const [, key, hex, hash, keyGroup] = row

    expect(hexOf(key)).toBe(hex)
    expect(murmur3(bytesOf(key))).toBe(hash)
    expect(keyGroupOf(key, 128, 'op')).toBe(keyGroup)
  })

  it.each(namedGolden)('reads %s back from its bytes', (_, key, hex) => {
    expect(readKey(new ByteReader(Buffer.from(hex, 'hex')))).toStrictEqual(key)
  })

  it('takes -0 as 0', () => {
    expect(hexOf(-0)).toBe(hexOf(0))
    expect(Object.is(keyIdentity(-0, 'op'), 0)).toBe(true)
    expect(keyGroupOf(-0, 128, 'op')).toBe(keyGroupOf(0, 128, 'op'))
  })

  it('round trips random keys', () => {
    const prng = new SeededPrng(7)
    for (let i = 0; i < 2000; i += 1) {
      const key = randomKey(prng)
      expect(readKey(new ByteReader(bytesOf(key)))).toStrictEqual(key)
    }
  })

  it('reads tuples nested eight deep, and refuses deeper bytes', () => {
    const eightDeep = Buffer.from(`${'0a01'.repeat(8)}01`, 'hex')
    const nineDeep = Buffer.from(`${'0a01'.repeat(9)}01`, 'hex')

    expect(readKey(new ByteReader(eightDeep))).toStrictEqual([[[[[[[[false]]]]]]]])
    expect(() => readKey(new ByteReader(nineDeep))).toThrow(
      expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
    )
  })

  it.each(['00', '0b', '0302', '0805616161', '0a05', ''])('refuses the bytes "%s"', (hex) => {
    expect(() => readKey(new ByteReader(Buffer.from(hex, 'hex')))).toThrow(
      expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
    )
  })
})

describe('a value that cannot be a key', () => {
  const nineDeep: Key = [[[[[[[[[1]]]]]]]]]
  // Values from JavaScript, where no type stops them.
  const invalid: readonly (readonly [string, unknown])[] = [
    ['NaN', Number.NaN],
    ['null', null],
    ['undefined', undefined],
    ['"object"', { id: 1 }],
    ['"object"', new Date(0)],
    ['"symbol"', Symbol('secret')],
    ['"function"', () => 1],
    ['undefined', ['a', undefined]],
    ['NaN', [['a'], Number.NaN]],
    ['nested deeper than 8', nineDeep],
  ]

  it.each(invalid)('is refused, naming the operator and %s', (what, value) => {
    const expected = expect.objectContaining({
      code: 'FLINKTS_KEY_INVALID',
      message: expect.stringMatching(new RegExp(`^operator "sum" .*${what}`)) as unknown,
      hint: expect.stringContaining('array') as unknown,
    }) as Error

    expect(() => keyGroupOf(value as Key, 128, 'sum')).toThrow(expected)
    expect(() => keyIdentity(value as Key, 'sum')).toThrow(expected)
    expect(() => writeKey(new ByteWriter(), value as Key, 'sum')).toThrow(expected)
  })

  it('does not disturb the keys after it', () => {
    expect(() => keyGroupOf(['a', Number.NaN], 128, 'sum')).toThrow('NaN')

    expect(keyGroupOf(['a', 1], 128, 'sum')).toBe(30)
  })
})

describe('the identity of a key', () => {
  it('is the key itself for a primitive', () => {
    for (const key of ['a', '', 1, 1n, true]) expect(keyIdentity(key, 'op')).toBe(key)
  })

  it('is equal for equal tuples and differs from that of every string', () => {
    const tuple = keyIdentity(['a', 1], 'op')

    expect(keyIdentity(['a', 1], 'op')).toBe(tuple)
    expect(keyIdentity(['a', 1n], 'op')).not.toBe(tuple)
    expect(keyIdentity(tuple, 'op')).not.toBe(tuple)
    expect(keyOfIdentity(keyIdentity(tuple, 'op'))).toBe(tuple)
  })

  it('is the same exactly if the canonical bytes are, and leads back to the key', () => {
    const prng = new SeededPrng(11)
    const hexOfIdentity = new Map<unknown, string>()
    const hexes = new Set<string>()
    for (let i = 0; i < 3000; i += 1) {
      const key = randomKey(prng)
      const identity = keyIdentity(key, 'op')
      const hex = hexOf(key)

      expect(hexOfIdentity.get(identity) ?? hex).toBe(hex)
      expect(keyOfIdentity(identity)).toStrictEqual(key)
      hexOfIdentity.set(identity, hex)
      hexes.add(hex)
    }

    expect(hexOfIdentity.size).toBe(hexes.size)
  })
})

describe('keyGroupOf', () => {
  it('hashes without a buffer as it does with one', () => {
    const prng = new SeededPrng(3)
    for (let i = 0; i < 2000; i += 1) {
      const text = 'abcdefghij'.repeat(20).slice(0, randomBelow(prng, 140))
      const integer = randomBelow(prng, 2 ** 32) - 2 ** 31
      const numbers = [integer, integer * 2 ** 21, integer / 7, integer * 2 ** 900]
      for (const key of [text, `${text}é`, ...numbers]) {
        expect(keyGroupOf(key, 32_768, 'op')).toBe(murmur3(bytesOf(key)) % 32_768)
      }
    }
  })

  const families: readonly (readonly [string, (i: number) => Key])[] = [
    ['integers', (i) => i],
    ['even integers', (i) => i * 2],
    ['multiples of 128', (i) => i * 128],
    ['large integers', (i) => 2 ** 40 + i],
    ['strings', (i) => `user-${i}`],
    ['tuples', (i) => ['tenant', i]],
    ['bigints', (i) => BigInt(i)],
  ]
  it.each(families)('spreads consecutive %s evenly', (_, keyOf) => {
    const perGroup = 100
    const counts = new Uint32Array(128)
    for (let i = 0; i < 128 * perGroup; i += 1) {
      const keyGroup = keyGroupOf(keyOf(i), 128, 'op')
      counts[keyGroup] = (counts[keyGroup] ?? 0) + 1
    }

    const chiSquare = counts.reduce((sum, n) => sum + (n - perGroup) ** 2 / perGroup, 0)

    // 127 degrees of freedom: above 200 by chance once in 25,000 hash functions.
    expect(chiSquare).toBeLessThan(200)
    expect(Math.min(...counts)).toBeGreaterThan(50)
  })
})

describe('key group ranges', () => {
  it.each([
    [3, 10, ['0-3', '4-6', '7-9']],
    [5, 10, ['0-1', '2-3', '4-5', '6-7', '8-9']],
    [1, 128, ['0-127']],
  ])('of %i subtasks over %i key groups are those of Flink', (parallelism, max, expected) => {
    const ranges = Array.from({ length: parallelism }, (_, subtask) => {
      const { first, last } = keyGroupRange(subtask, parallelism, max)
      return `${first}-${last}`
    })

    expect(ranges).toStrictEqual(expected)
  })

  it('give every key group to the one subtask whose range has it', () => {
    for (const maxParallelism of [1, 2, 7, 128, 200]) {
      for (let parallelism = 1; parallelism <= Math.min(maxParallelism, 40); parallelism += 1) {
        let next = 0
        for (let subtask = 0; subtask < parallelism; subtask += 1) {
          const { first, last } = keyGroupRange(subtask, parallelism, maxParallelism)
          expect(first).toBe(next)
          for (let keyGroup = first; keyGroup <= last; keyGroup += 1) {
            expect(subtaskOfKeyGroup(keyGroup, maxParallelism, parallelism)).toBe(subtask)
          }
          next = last + 1
        }
        expect(next).toBe(maxParallelism)
      }
    }
  })

  it.each([
    [0, 2, 1],
    [0, 0, 128],
    [2, 2, 128],
    [-1, 2, 128],
    [0, 1, 32_769],
  ])('of subtask %i of %i over %i key groups do not exist', (subtask, parallelism, max) => {
    expect(() => keyGroupRange(subtask, parallelism, max)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }),
    )
  })
})
