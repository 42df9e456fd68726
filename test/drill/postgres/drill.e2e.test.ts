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

    const { kills, counts, faults, examples } = await runRound(server, {
      seed: 1,
      kills: count,
      rows: 20_000,
      mode,
    })

    expect(kills).toBe(count)
    expect(Object.values(faults)).toEqual([0, 0, 0, 0, 0])
    expect(examples).toEqual([])
    expect(counts['rows read']).toBeGreaterThan(0)
    expect(counts['changes streamed']).toBeGreaterThan(0)
  },
)
