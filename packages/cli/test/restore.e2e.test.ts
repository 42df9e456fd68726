import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { JobFolder, logged, reportedError } from './support/job-folder.ts'
import { containing, matching } from './support/matchers.ts'

/** A job that was stopped half way: its last checkpoint holds output. */
async function stopped(folder: JobFolder): Promise<void> {
  const run = folder.start(['--log-level', 'debug'])
  await run.sees('checkpoint completed', 3)
  run.kill('SIGTERM')
  const { lines } = await run.ended
  expect(logged(lines, 'job stopped')).toHaveLength(1)
}

/** A job that watches for input, has committed all of it, and was killed some checkpoints later. */
async function killedIdle(folder: JobFolder): Promise<void> {
  const run = folder.start(['--log-level', 'debug'])
  await run.sees('checkpoint completed', 15)
  run.kill('SIGKILL')
  await run.ended
}

function newest(folder: JobFolder): number {
  return folder.checkpoints().at(-1) ?? 0
}

function flipBit(path: string, position: number): void {
  const bytes = readFileSync(path)
  bytes[position] = (bytes[position] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

const slow = { BURN: '20000' }
const watching = { WATCH: 'yes' }

describe('a restore', () => {
  const misfits: Readonly<Record<string, { env: Record<string, string>; code: string }>> = {
    'of state whose operator is gone': {
      env: { COUNT_ID: 'recount' },
      code: 'FLINKTS_STATE_ORPHANED',
    },
    'of an operator that is of another kind now': {
      env: { COUNT_ID: 'files', SINK_ID: 'count' },
      code: 'FLINKTS_STATE_INCOMPATIBLE',
    },
    'with another maxParallelism': {
      env: { MAX_PARALLELISM: '64' },
      code: 'FLINKTS_STATE_INCOMPATIBLE',
    },
  }

  test.each(Object.entries(misfits))('%s is refused, and can be mended', async (_name, misfit) => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(30_000)
    await stopped(folder)

    const refused = await folder.run([], misfit.env)
    const mended = await folder.run()

    expect(refused.exitCode).toBe(1)
    expect(reportedError(refused)).toMatchObject({
      code: misfit.code,
      hint: matching(/./),
    })
    expect(mended.exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })

  test('goes back to an older checkpoint when it is asked to, and repeats its output', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(30_000)
    await stopped(folder)
    const [oldest = 0] = folder.checkpoints()

    const { exitCode, lines } = await folder.run([`--from`, `chk-${oldest}`])

    const output = folder.output()
    expect(exitCode).toBe(0)
    expect(logged(lines, 'restored')).toMatchObject([{ checkpointId: oldest }])
    expect(output.length).toBeGreaterThan(expected.length)
    const once = new Map(output.map((line) => [line.id, line]))
    expect([...once.values()].toSorted((a, b) => a.id - b.id)).toEqual(expected)
  })

  test('names the checkpoints that exist if the one asked for does not', async () => {
    using folder = new JobFolder('count')
    folder.fill(10)
    await folder.run()

    const result = await folder.run(['--from', '4711'])

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({
      code: 'FLINKTS_CHECKPOINT_NOT_FOUND',
      hint: containing('chk-'),
    })
  })

  test('begins anew with --fresh', async () => {
    using folder = new JobFolder('count')
    const expected = folder.fill(10)
    await folder.run()

    const { exitCode } = await folder.run(['--fresh'])

    expect(exitCode).toBe(0)
    expect(folder.output().toSorted((a, b) => a.id - b.id)).toEqual(
      expected.flatMap((line) => [line, line]),
    )
  })

  test('is refused if the newest manifest is damaged, since output may follow it', async () => {
    using folder = new JobFolder('count', slow)
    folder.fill(30_000)
    await stopped(folder)
    flipBit(folder.checkpointFile(newest(folder), 'manifest.json'), 300)
    const before = folder.output()

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({
      code: 'FLINKTS_CHECKPOINT_CORRUPT',
      hint: containing('--from chk-'),
    })
    expect(folder.output()).toEqual(before)
  })

  test('is refused if a bit of a state file is flipped', async () => {
    using folder = new JobFolder('count', slow)
    folder.fill(30_000)
    await stopped(folder)
    flipBit(folder.checkpointFile(newest(folder), 'count-0.state'), 100)

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({ code: 'FLINKTS_CHECKPOINT_CORRUPT' })
  })

  test('goes back by itself where no output was committed since', async () => {
    using folder = new JobFolder('count', watching)
    const expected = folder.fill(500)
    await killedIdle(folder)
    const damaged = newest(folder)
    truncateSync(folder.checkpointFile(damaged, 'count-0.state'), 20)

    const run = folder.start(['--log-level', 'debug'])
    await run.sees('checkpoint completed')
    run.kill('SIGTERM')
    const { exitCode, lines } = await run.ended

    expect(exitCode).toBe(0)
    expect(logged(lines, 'checkpoint set aside')).toMatchObject([{ checkpointId: damaged }])
    expect(folder.output()).toEqual(expected)
  })
})
