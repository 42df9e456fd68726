/** Whole jobs, with failures, against what Flink made of the same events. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { EventGenerator, initialState } from './event-generator.ts'
import { eventLine } from './event.ts'
import { failuresOf, type GoldenRun, goldenRuns, runGoldenJobs } from './golden-run.ts'
import { goldenJobs } from './jobs/all-jobs.ts'
import { readManifest } from './manifest.ts'
import { canonicalOutput } from './output.ts'

const size = 100_000
const jobs = goldenJobs.map(({ name }) => name)

test.each([
  [1_000_000, 42, 51_089_624, 'e0b292b260dd2d59133601e7e282cb7f0b03a72dee3e111a1efb9b8ae0e63644'],
  [1_000_000, -7, 51_094_143, 'a61fed05d0f1ccb4d7cdffdbb13aaf874d98e6e4137dc9488dbc03764d01a17d'],
  [size, 42, 4_879_636, 'fa7fa47517339cb955cd649bb1ca9258825152271c294811d0366b79a7c24b5e'],
])('%i events of seed %i are those that Flink got', (count, seed, bytes, sha256) => {
  const generator = new EventGenerator(initialState(seed))
  const hash = createHash('sha256')
  let length = 0
  for (let index = 0; index < count; index += 1) {
    const line = `${eventLine(generator.next())}\n`
    hash.update(line)
    length += line.length
  }

  expect([length, hash.digest('hex')]).toEqual([bytes, sha256])
})

test.each(goldenRuns)(
  'with parallelism $parallelism in $threads threads, three failures, all commit what Flink gave',
  async ({ seed, ...options }) => {
    const plan = failuresOf(seed, size)
    const run = await runGoldenJobs({ ...options, jobs, count: size, failures: plan })

    expectGolden(run)
    expect(run.lines.size).toBe(readManifest(size).size)
    expect(run.failures).toEqual(plan.failures)
    expect(run.restarts).toBe(3)
    // One before each failure, from which the job went on; and the last.
    expect(run.checkpoints).toBeGreaterThanOrEqual(4)
  },
)

/** Event 4056 sets a timer for a time that is over, 4057 replaces it before the next watermark. */
test('a timer that is due stays so over a restart, until time advances', async () => {
  const failures = { holds: [4057], failures: [4060] }
  const options = { jobs: ['idle-total'], parallelism: 1, threads: 0, count: size }

  const run = await runGoldenJobs({ ...options, failures })

  expectGolden(run)
  expect(run.restarts).toBe(1)
})

function expectGolden({ lines: results }: GoldenRun): void {
  const manifest = readManifest(size)
  for (const [name, lines] of results) {
    const golden = manifest.get(name)
    expect({ name, ...canonicalOutput(lines) }).toEqual({
      name,
      rows: golden?.rows,
      bytes: golden?.bytes,
      sha256: golden?.sha256,
    })
  }
  expect(results.size).toBeGreaterThan(0)
}
