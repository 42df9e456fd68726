import { describe, expect, test } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { damageOfListFile, decodeListFile, encodeListFile } from '../../src/state/list-file.ts'
import type { OperatorStateList } from '../../src/state/operator-state.ts'

const golden: readonly OperatorStateList[] = [
  { name: 'q', distribution: 'split', items: [{ version: 3, bytes: Buffer.of(1, 255) }] },
  { name: 'r', distribution: 'broadcast', items: [] },
]

const goldenHex = '464c494e4b54534c 01000000 0d000000 f492dc65'
const goldenPayloadHex = '02 0171 01 01 03 02 01ff 0172 03 00'
const goldenBytes = `${goldenHex}${goldenPayloadHex}`.replaceAll(' ', '')

describe('a list file', () => {
  test('has the bytes of version 1', () => {
    const hex = Buffer.from(encodeListFile(golden)).toString('hex')

    expect(hex).toBe(goldenBytes)
    expect(decodeListFile(Buffer.from(hex, 'hex'))).toEqual(golden)
  })

  test('keeps any items', () => {
    const prng = new SeededPrng(1)
    for (let round = 0; round < 100; round += 1) {
      const lists = (['split', 'union', 'broadcast'] as const).map((distribution) => ({
        name: `${distribution} ${round}`,
        distribution,
        items: Array.from({ length: randomBelow(prng, 4) }, () => ({
          version: randomBelow(prng, 300),
          bytes: Buffer.from(Array.from({ length: round }, () => randomBelow(prng, 256))),
        })),
      }))

      expect(decodeListFile(encodeListFile(lists))).toEqual(lists)
    }
  })

  test('is damaged when it is cut anywhere, or continued', () => {
    const file = encodeListFile(golden)

    for (let length = 0; length < file.length; length += 1) {
      expect(damageOfListFile(file.subarray(0, length))).toMatch(/^a list file is damaged/)
    }
    expect(damageOfListFile(Buffer.concat([file, Buffer.of(0)]))).toMatch(/bytes follow its end/)
    expect(damageOfListFile(file)).toBeUndefined()
  })

  test('is refused when any bit is flipped', () => {
    const file = encodeListFile(golden)

    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const flipped = file.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => decodeListFile(flipped)).toThrow(/damaged|unknown version/)
    }
  })

  test('of another version is refused by its number', () => {
    const file = encodeListFile(golden).slice()
    file[8] = 2

    expect(() => damageOfListFile(file)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_UNREADABLE',
        message: 'a list file has the unknown version 2',
      }),
    )
  })
})
