import { describe, expect, test } from 'vitest'
import { JobFolder, logged } from './support/job-folder.ts'

/** Enough work for some checkpoints. */
const slow = { BURN: '20000' }

describe('flinkts run', () => {
  test('runs a bounded job to its end', async () => {
    using folder = new JobFolder('count')
    const expected = folder.fill(1000)

    const { exitCode, lines } = await folder.run()

    expect(exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
    expect(logged(lines, 'job finished')).toMatchObject([
      { job: 'count', recordsIn: 1000, recordsOut: 1000, restarts: 0 },
    ])
  })

  test('writes nothing more when a job that finished is run again', async () => {
    using folder = new JobFolder('count')
    const expected = folder.fill(100)
    await folder.run()

    const { exitCode } = await folder.run()

    expect(exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })

  test('stops with a checkpoint on a signal, and goes on from there', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(40_000)
    const first = folder.start(['--log-level', 'debug'])
    await first.sees('checkpoint completed')
    first.kill('SIGTERM')

    const { exitCode, lines } = await first.ended
    const stoppedAt = folder.output().length
    const second = await folder.run()

    expect(exitCode).toBe(0)
    expect(logged(lines, 'job stopped')).toHaveLength(1)
    expect(stoppedAt).toBeGreaterThan(0)
    expect(stoppedAt).toBeLessThan(expected.length)
    expect(second.exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })

  test('keeps its state when the parallelism changes', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(40_000)
    const first = folder.start(['--log-level', 'debug'])
    await first.sees('checkpoint completed')
    first.kill('SIGINT')
    await first.ended

    const { exitCode } = await folder.run(['--parallelism', '3'])

    expect(exitCode).toBe(0)
    expect(folder.output().toSorted((a, b) => a.id - b.id)).toEqual(expected)
  })

  test('gives the output of an undisturbed run however often it is killed', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(40_000)

    // Before the claim, during the restore, between checkpoints: by the lines that it has logged.
    for (const lineCount of [1, 2, 4, 5, 6, 8, 10, 12, 15]) {
      const run = folder.start(['--log-level', 'debug'])
      await run.sees('', lineCount)
      run.kill('SIGKILL')
      await run.ended
    }
    const { exitCode } = await folder.run()

    expect(exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })

  test('gives the same in threads, also when it is killed, and with another number', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(40_000)

    for (const [index, lineCount] of [3, 5, 8, 12].entries()) {
      const threads = ['--threads', String(index % 3), '--parallelism', '2']
      const run = folder.start([...threads, '--log-level', 'debug'])
      await run.sees('', lineCount)
      run.kill('SIGKILL')
      await run.ended
    }
    const { exitCode, lines } = await folder.run(['--threads', '2', '--parallelism', '2'])

    expect(exitCode).toBe(0)
    expect(logged(lines, 'job finished')).toHaveLength(1)
    expect(folder.output().toSorted((a, b) => a.id - b.id)).toEqual(expected)
  })

  test('stops its threads in order on a signal', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(100_000)
    const threads = ['--threads', '2', '--parallelism', '2']
    const run = folder.start([...threads, '--log-level', 'debug'])
    await run.sees('checkpoint completed', 2)
    run.kill('SIGINT')

    const { exitCode, lines } = await run.ended
    const second = await folder.run(threads)

    expect(exitCode).toBe(0)
    expect(logged(lines, 'job stopped')).toHaveLength(1)
    expect(second.exitCode).toBe(0)
    expect(folder.output().toSorted((a, b) => a.id - b.id)).toEqual(expected)
  })

  test('ends at once on a second signal, and loses nothing by it', async () => {
    // The barrier of the stop waits behind more than a thousand slow records.
    using folder = new JobFolder('count', { BURN: '200000' })
    const expected = folder.fill(10_000)
    const run = folder.start(['--log-level', 'debug'])
    await run.sees('checkpoint completed')
    run.kill('SIGTERM')
    await run.sees('a second signal ends at once')
    run.kill('SIGINT')

    const { exitCode, lines } = await run.ended
    const second = await folder.run([], { BURN: '0' })

    expect(exitCode).toBe(130)
    expect(logged(lines, 'job cancelled')).toHaveLength(1)
    expect(second.exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })

  test('refuses a second run of a job, and leaves the first unharmed', async () => {
    using folder = new JobFolder('count', { WATCH: 'yes' })
    const expected = folder.fill(500)
    const first = folder.start(['--log-level', 'debug'])
    await first.sees('checkpoint completed', 3)

    const second = await folder.run()
    first.kill('SIGTERM')
    const { exitCode } = await first.ended

    expect(second.exitCode).toBe(1)
    expect(second.lines.at(-1)).toContain('FLINKTS_JOB_ALREADY_RUNNING')
    expect(exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })

  test('goes on when nobody reads its log', async () => {
    using folder = new JobFolder('count', slow)
    const expected = folder.fill(20_000)
    const run = folder.start(['--log-level', 'debug'])
    await run.sees('starting without state')
    run.stopListening()

    const { exitCode } = await run.ended

    expect(exitCode).toBe(0)
    expect(folder.output()).toEqual(expected)
  })
})
