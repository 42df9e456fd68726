import { describe, expect, it } from 'vitest'
import { runSnapshots } from './snapshot-run.ts'

const seedCount = 400

describe('snapshots of keyed state', () => {
  it('are the state at the time of taking, whatever happens while they are written', () => {
    let checked = 0
    let overlapping = 0
    for (let seed = 1; seed <= seedCount; seed += 1) {
      const run = runSnapshots(seed, 600)
      expect(run.wrong, `seed ${seed}`).toStrictEqual([])
      checked += run.snapshotsChecked
      overlapping += run.snapshotsOverlapping
    }

    expect(checked).toBeGreaterThan(seedCount * 5)
    expect(overlapping).toBeGreaterThan(seedCount * 2)
  })
})
