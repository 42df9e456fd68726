import { describe, expect, test } from 'vitest'
import type { Progress } from '../src/progress.ts'
import { progressFields, statusLine } from '../src/status-line.ts'

const progress: Progress = {
  status: 'running',
  restarts: 1,
  recordsIn: 1_000_000,
  recordsOut: 999_000,
  recordsInPerSecond: 12_345.6,
  recordsOutPerSecond: 12_000,
  lags: [{ name: 'lagBytes', value: 3_500_000 }],
  checkpoint: { checkpointId: 42, ageMs: 2400, durationMs: 37.6 },
}

describe('the status line', () => {
  test('shows rates, lag, the last checkpoint and restarts', () => {
    expect(statusLine('orders', progress, 200)).toBe(
      'orders running | in 12,346/s | out 12,000/s | lag 3.3 MiB | ' +
        'chk-000042 2 s ago, took 38 ms | restarts 1',
    )
  })

  test('says that there is no checkpoint yet, and nothing of a lag that no source tells', () => {
    const young = { ...progress, lags: [], checkpoint: undefined }

    expect(statusLine('orders', young, 200)).toBe(
      'orders running | in 12,346/s | out 12,000/s | no checkpoint yet | restarts 1',
    )
  })

  test('is cut to the width of the terminal', () => {
    const line = statusLine('orders', progress, 20)

    expect(line).toBe('orders running | in…')
    expect(line).toHaveLength(20)
  })

  test.each([
    ['lagBytes', 999, '999 B'],
    ['lagBytes', 2048, '2.0 KiB'],
    ['lagBytes', 5 * 1024 ** 4, '5.0 TiB'],
    ['lagMs', 61_000, '1 min'],
    ['lagMs', 3_720_000, '1 h 2 min'],
    ['lagRecords', 1234, '1,234 records'],
  ])('shows %s %d as %s', (name, value, text) => {
    const line = statusLine('orders', { ...progress, lags: [{ name, value }] }, 200)

    expect(line).toContain(`| lag ${text} |`)
  })
})

describe('the progress in the log', () => {
  test('has the same facts as whole numbers', () => {
    expect(progressFields(progress)).toEqual({
      status: 'running',
      recordsIn: 1_000_000,
      recordsOut: 999_000,
      recordsInPerSecond: 12_346,
      recordsOutPerSecond: 12_000,
      lagBytes: 3_500_000,
      checkpointId: 42,
      checkpointAgeMs: 2400,
      checkpointMs: 38,
      restarts: 1,
    })
  })
})
