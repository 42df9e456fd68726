import { startPostgres } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { runRound } from './round.ts'

test('a pipeline between databases that is killed ten times copies every change once', async () => {
  await using server = await startPostgres({ settings: { fsync: 'off' } })

  const { kills, findings } = await runRound(server, { seed: 1, kills: 10, rows: 20_000 })

  expect(kills.length).toBe(10)
  expect(findings).toMatchObject({
    faults: { lost: 0, duplicated: 0, wrong: 0, disordered: 0 },
    prepared: 0,
    examples: [],
  })
  expect(Math.min(findings.rows, findings.changes)).toBeGreaterThan(0)
})
