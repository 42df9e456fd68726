import { describe, expect, it } from 'vitest'
import { SlotTable } from '../../src/state/slot-table.ts'
import { runTable } from './slot-table-run.ts'

describe('a slot table', () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    'is a map, and so is every snapshot of it, in the random run %i',
    (seed) => {
      expect(runTable(seed, 800).wrong).toStrictEqual([])
    },
  )

  it('forgets what was in the slots of a table that is empty', () => {
    const table = new SlotTable()
    for (let slot = 0; slot < 100; slot += 1) table.insert(slot, `key ${slot}`, {})
    for (let slot = 0; slot < 100; slot += 1) table.remove(slot, slot)

    expect(table.slotCount).toBe(0)
    expect([table.keyAt(0), table.keyAt(99)]).toStrictEqual([undefined, undefined])
    expect([table.peek(0), table.peek(99)]).toStrictEqual([undefined, undefined])
  })
})
