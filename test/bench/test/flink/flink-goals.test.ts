import { expect, test } from 'vitest'
import { type FlinkFigures, flinkGoals } from '../../flink/flink-goals.ts'
import { goalLine } from '../../goals.ts'

const cost = { recordsPerSecond: 1, recordsPerCpuSecond: 600, peakMib: 100 }
const load = { flinkts: cost, flink: { ...cost, recordsPerCpuSecond: 100, peakMib: 400 } }
const figures: FlinkFigures = {
  map: { ...load, stallMs: 2 },
  keys: { ...load, stallMs: 9 },
  firstRecordMs: { flinkts: 300, flink: 6000 },
  recoveryMs: { flinkts: 2000, flink: 20_000 },
}

test('compares with the peer where it is there', () => {
  expect(flinkGoals(figures, true).map(goalLine)).toEqual([
    'goal: flink-map-cpu 6 x (target >= 1.2 x) ok',
    'goal: flink-keys-cpu 6 x (target >= 5 x) ok',
    'goal: flink-map-memory 0.25 x (target <= 0.5 x) ok',
    'goal: flink-keys-memory 0.25 x (target <= 0.5 x) ok',
    'goal: flink-first-record 0.05 x (target <= 0.1 x) ok',
    'goal: flink-recovery 0.1 x (target <= 0.125 x) ok',
    'goal: flink-stall 9 ms (target <= 10 ms) ok',
  ])
})

test('without it promises only the longest stall', () => {
  expect(flinkGoals(figures, false).map(({ name }) => name)).toEqual(['flink-stall'])
})
