import { expect, test } from 'vitest'
import { goalLine } from '../../goals.ts'
import { type KafkaFigures, kafkaGoals } from '../../kafka/kafka-goals.ts'
import type { CopyRun } from '../../kafka/kafka-runs.ts'

function made(recordsPerCpuSecond: number, firstCommitMs = 1000): CopyRun {
  const recordsPerSecond = 2 * recordsPerCpuSecond
  return {
    recordsPerCpuSecond,
    firstCommitMs,
    recordsPerSecond,
    steadyPerSecond: recordsPerSecond,
    peakMib: 100,
  }
}
const nothing: KafkaFigures = {
  bytes: {},
  atLeastOnce: undefined,
  map: {},
  latencyP99Ms: {
    'flinkts-1000': undefined,
    'flinkts-100': undefined,
    'flink-1000': undefined,
    'streams-100': undefined,
  },
  stalledMib: undefined,
}

test('each figure is compared with the better of the peers', () => {
  const bytes = {
    flinkts: made(150, 900),
    flink: made(50, 6000),
    streams: made(75, 3000),
    kafkajs: made(50),
  }

  const goals = kafkaGoals({ ...nothing, bytes, atLeastOnce: made(160), stalledMib: 260 })

  expect(goals.map(goalLine)).toEqual([
    'goal: kafka-bytes-cpu 2 x (target >= 1.5 x) ok',
    'goal: kafka-bytes-steady 2 x (target >= 1 x) ok',
    'goal: kafka-first-commit 0.3 x (target <= 0.5 x) ok',
    'goal: kafka-kafkajs 3 x (target >= 3 x) ok',
    'goal: kafka-exactly-once 0.938 x (target >= 0.9 x) ok',
    'goal: kafka-stalled-memory 260 MiB (target <= 250 MiB) short',
  ])
})

test('without peers there are no goals that compare with them', () => {
  const goals = kafkaGoals({ ...nothing, bytes: { flinkts: made(100) }, map: { flinkts: made(1) } })

  expect(goals).toEqual([])
})
