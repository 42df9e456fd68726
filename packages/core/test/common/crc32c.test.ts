import { describe, expect, it } from 'vitest'
import { crc32c } from '../../src/common/crc32c.ts'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'

describe('crc32c', () => {
  it.each([
    ['no bytes', new Uint8Array(0), 0],
    ['the check value of the catalogue', new TextEncoder().encode('123456789'), 0xe3069283],
    ['one byte', new TextEncoder().encode('a'), 0xc1d04330],
    ['32 zeros (RFC 3720)', new Uint8Array(32), 0x8a9136aa],
    ['32 ones (RFC 3720)', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['ascending bytes (RFC 3720)', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('gives the published checksum of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  it('is the same whether bytes come at once or in parts', () => {
    const prng = new SeededPrng(1)
    const bytes = Uint8Array.from({ length: 500 }, () => randomBelow(prng, 256))
    const whole = crc32c(bytes)

    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parts = crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))
      expect(parts).toBe(whole)
    }
  })

  it('changes with every single bit', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i * 7)
    const seen = new Set([crc32c(bytes)])

    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      seen.add(crc32c(flipped))
    }

    expect(seen.size).toBe(bytes.length * 8 + 1)
  })
})
