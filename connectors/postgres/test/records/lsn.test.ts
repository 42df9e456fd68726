import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatLsn, parseLsn } from '../../src/records/lsn.ts'

describe('LSN', () => {
  test('is read as two hexadecimal halves', () => {
    expect(parseLsn('16/B374D848')).toBe(0x16_b374_d848n)
    expect(parseLsn('0/0')).toBe(0n)
    expect(parseLsn('ffffffff/FFFFFFFF')).toBe(0xffff_ffff_ffff_ffffn)
  })

  test('is written as Postgres writes it', () => {
    expect(formatLsn(0x16_b374_d848n)).toBe('16/B374D848')
    expect(formatLsn(0x1_0000_00ffn)).toBe('1/FF')
    expect(formatLsn(0n)).toBe('0/0')
  })

  test('survives being written and read', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), (lsn) => {
        expect(parseLsn(formatLsn(lsn))).toBe(lsn)
      }),
    )
  })

  test.each(['', '/', '0', 'x/1', '1/2/3', '1/123456789'])('refuses %j', (text) => {
    expect(() => parseLsn(text)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })
})
