import { expect, it } from 'vitest'
import { runTable } from './slot-table-run.ts'

const seedCount = 1000

it('a slot table is a map, and so is every snapshot of it, whatever it holds', () => {
  let checked = 0
  for (let seed = 1; seed <= seedCount; seed += 1) {
    const run = runTable(seed, 2000)
    expect(run.wrong, `seed ${seed}`).toStrictEqual([])
    checked += run.snapshotsChecked
  }

  expect(checked).toBeGreaterThan(seedCount * 10)
})
