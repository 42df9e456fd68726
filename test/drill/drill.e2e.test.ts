import { startPostgres } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { runRound } from './round.ts'

test.each([
  ['twoPhase', 10],
  ['staged', 5],
] as const)(
  'a pipeline of mode "%s" that is killed %i times copies every change once',
  async (mode, count) => {
    await using server = await startPostgres({ settings: { fsync: 'off' } })

    const { kills, findings } = await runRound(server, {
      seed: 1,
      kills: count,
      rows: 20_000,
      mode,
    })

    expect(kills.length).toBe(count)
    expect(findings).toMatchObject({
      faults: { lost: 0, duplicated: 0, wrong: 0, disordered: 0 },
      held: 0,
      examples: [],
    })
    expect(Math.min(findings.rows, findings.changes)).toBeGreaterThan(0)
  },
)
