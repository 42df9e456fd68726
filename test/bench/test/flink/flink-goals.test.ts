import { expect, test } from 'vitest'
import { type Both, type Cost, type FlinkFigures, flinkGoals } from '../../flink/flink-goals.ts'
import { goalLine } from '../../goals.ts'

const ours: Cost = { recordsPerSecond: 1, recordsPerCpuSecond: 600, peakMib: 100 }
const theirs: Cost = { recordsPerSecond: 1, recordsPerCpuSecond: 100, peakMib: 400 }
const cost: Both<Cost> = { flinkts: ours, flink: theirs }
const figures: FlinkFigures = {
  jobs: { map: cost, tumble: cost, hot: cost, keys: cost },
  firstRecordMs: { flinkts: 300, flink: 6000 },
  recoveryMs: { flinkts: 2000, flink: 20_000 },
  stallMs: 9,
  checkpoints: { on: 80, off: 100 },
  threads: { tumble: { one: 10, two: 17, apart: 19 }, hot: { one: 10, two: 12, apart: 20 } },
}

test('has one line for each promise', () => {
  expect(flinkGoals(figures).map(goalLine)).toEqual([
    'goal: flink-map-cpu 6 x (target >= 1.2 x) ok',
    'goal: flink-tumble-cpu 6 x (target >= 5 x) ok',
    'goal: flink-hot-cpu 6 x (target >= 8 x) short',
    'goal: flink-keys-cpu 6 x (target >= 5 x) ok',
    'goal: flink-keys-memory 0.25 x (target <= 0.5 x) ok',
    'goal: flink-first-record 0.05 x (target <= 0.1 x) ok',
    'goal: flink-recovery 0.1 x (target <= 0.125 x) ok',
    'goal: flink-stall 9 ms (target <= 10 ms) ok',
    'goal: flink-checkpoints 20 % (target <= 15 %) short',
    'goal: flink-threads-tumble 1.7 x (target >= 1.6 x) ok',
    'goal: flink-threads-hot 1.2 x (target >= 1.6 x) short',
  ])
})

test('without the peer compares flinkts only with itself', () => {
  const alone = { flinkts: ours, flink: undefined }
  const { stallMs = 0, checkpoints = { on: 1, off: 1 }, threads } = figures
  const names = flinkGoals({ jobs: { map: alone }, stallMs, checkpoints, threads }).map(
    ({ name }) => name,
  )

  expect(names).toEqual([
    'flink-stall',
    'flink-checkpoints',
    'flink-threads-tumble',
    'flink-threads-hot',
  ])
})

test('promises nothing of what did not run', () => {
  expect(flinkGoals({ jobs: { map: cost }, threads: {} }).map(({ name }) => name)).toEqual([
    'flink-map-cpu',
  ])
})
