import { describe, expect, test } from 'vitest'
import { messageOf } from '../../src/common/errors.ts'
import { simulate, type SimulationReport } from '../../src/testing/simulation/simulation.ts'

/** `FLINKTS_SEED=n` replays one seed; `FLINKTS_SEEDS=n` runs the seeds 1 to n. */
const { FLINKTS_SEED: replayed, FLINKTS_SEEDS: seedCount = '1000' } = process.env
const seeds =
  replayed === undefined
    ? Array.from({ length: Number(seedCount) }, (_, index) => index + 1)
    : [Number(replayed)]
const failuresShown = 10
/** Much longer than a seed ever took. */
const timeoutMs = 60_000 + seeds.length * 200

interface SimulationRun {
  readonly reports: readonly SimulationReport[]
  readonly failures: readonly string[]
}

async function simulateAll(): Promise<SimulationRun> {
  const reports: SimulationReport[] = []
  const failures: string[] = []
  for (const seed of seeds) {
    if (failures.length === failuresShown) break
    try {
      reports.push(await simulate(seed))
    } catch (cause) {
      failures.push(messageOf(cause))
    }
  }
  return { reports, failures }
}

const counted = [
  'steps',
  'records',
  'crashes',
  'zombies',
  'stops',
  'threadDeaths',
  'damages',
  'repairs',
  'freshStarts',
] as const

function totalsOf(reports: readonly SimulationReport[]): Record<(typeof counted)[number], number> {
  const totals = Object.fromEntries(counted.map((key) => [key, 0]))
  for (const report of reports) {
    for (const key of counted) totals[key] = (totals[key] ?? 0) + report[key]
  }
  return totals as ReturnType<typeof totalsOf>
}

describe('a job that is killed, frozen, damaged and stopped at any step', () => {
  test('I1 to I7: gives what an undisturbed run gives', { timeout: timeoutMs }, async () => {
    const start = performance.now()
    const { reports, failures } = await simulateAll()
    const seedsPerMinute = Math.round((reports.length / (performance.now() - start)) * 60_000)

    const totals = totalsOf(reports)
    const told = counted.map((key) => `${totals[key]} ${key}`).join(', ')
    process.stdout.write(`simulated ${reports.length} seeds, ${seedsPerMinute} a minute: ${told}\n`)
    expect(failures.join('\n')).toBe('')
    expect(reports).toHaveLength(seeds.length)
    // A simulation in which nothing happens proves nothing.
    const neverHappened = counted.filter((key) => seeds.length >= 200 && totals[key] === 0)
    expect(neverHappened).toEqual([])
  })

  test('I6: does the same again with the same seed', { timeout: timeoutMs }, async () => {
    for (const seed of seeds.slice(0, 20)) {
      const first = await simulate(seed)
      const second = await simulate(seed)

      expect(second).toEqual(first)
    }
  })
})
