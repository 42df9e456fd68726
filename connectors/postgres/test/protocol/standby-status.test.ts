import { describe, expect, test } from 'vitest'
import { standbyStatus } from '../../src/protocol/standby-status.ts'

describe('standbyStatus', () => {
  test('reports one position as written, flushed and applied', () => {
    const nowMs = Date.UTC(2000, 0, 1, 0, 0, 1)

    const message = standbyStatus(0x16_b374_d848n, nowMs, true)

    const lsn = '00000016b374d848'
    expect(message.toString('hex')).toBe(`640000002672${lsn}${lsn}${lsn}00000000000f424001`)
  })

  test('asks for no answer unless told', () => {
    expect(standbyStatus(0n, 0, false).at(-1)).toBe(0)
  })
})
