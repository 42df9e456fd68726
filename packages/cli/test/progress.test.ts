import type { JobMetrics } from '@flinkts/core'
import { describe, expect, test } from 'vitest'
import { ProgressMeter, type WatchedJob } from '../src/progress.ts'

type Values = JobMetrics['values']

function value(name: string, amount: number, subtask = 0): Values[number] {
  return { operatorId: 'any', subtask, name, value: amount }
}

function job(values: Values, checkpointId?: number): WatchedJob {
  const timesMs = { durationMs: 38, alignmentMs: 0, syncMs: 0, asyncMs: 0, stallMs: 0 }
  return {
    status: 'running',
    restarts: 0,
    metrics: () => ({
      values,
      completedCheckpoints: 0,
      failedCheckpoints: 0,
      lastCheckpoint:
        checkpointId === undefined
          ? undefined
          : { checkpointId, status: 'completed', stateBytes: 0, ...timesMs },
    }),
  }
}

describe('the progress of a job', () => {
  test('counts what sources read and sinks write, over all subtasks', () => {
    const meter = new ProgressMeter(3000)
    const values = [
      value('recordsRead', 10),
      value('recordsRead', 5, 1),
      value('recordsWritten', 7),
      value('recordsIn', 100),
    ]

    const progress = meter.measure(job(values), 0)

    expect(progress).toMatchObject({ recordsIn: 15, recordsOut: 7 })
  })

  test('takes rates over its window', () => {
    const meter = new ProgressMeter(2000)
    const rates = [0, 100, 200, 300, 1300].map(
      (read, index) =>
        meter.measure(job([value('recordsRead', read)]), index * 1000).recordsInPerSecond,
    )

    expect(rates).toEqual([0, 100, 100, 100, 550])
  })

  test('tells how long the newest checkpoint is ago', () => {
    const meter = new ProgressMeter(1000)
    meter.measure(job([], 6), 0)
    meter.measure(job([], 7), 500)

    const { checkpoint } = meter.measure(job([], 7), 2000)

    expect(checkpoint).toEqual({ checkpointId: 7, ageMs: 1500, durationMs: 38 })
  })

  test('adds up amounts of lag, and takes the longest time', () => {
    const values = [
      value('lagBytes', 100),
      value('lagBytes', 20, 1),
      value('lagMs', 5),
      value('lagMs', 3, 1),
      value('flags', 9),
    ]

    const { lags } = new ProgressMeter(1000).measure(job(values), 0)

    expect(lags).toEqual([
      { name: 'lagBytes', value: 120 },
      { name: 'lagMs', value: 5 },
    ])
  })
})
