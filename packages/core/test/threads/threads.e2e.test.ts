import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { runJob, type RunJobOptions } from '../../src/api/run-job.ts'
import type { JobHandle } from '../../src/api/start-job.ts'
import type { LogFields, Logger } from '../../src/common/logger.ts'
import { job, orders } from './threaded.job.ts'

/** Keeps the lines of warnings. */
class WarningLogger implements Logger {
  readonly warnings: { readonly message: string; readonly fields: LogFields }[] = []
  debug(): void {}
  info(): void {}
  error(): void {}
  warn(message: string, fields: LogFields = {}): void {
    this.warnings.push({ message, fields })
  }
  child(): Logger {
    return this
  }
}

/** A directory for one job, which runs in real threads. */
class ThreadedRun implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'flinkts-threads-'))
  readonly logger: WarningLogger = new WarningLogger()

  /** `settings`: see the module of the job. */
  start(
    settings: { readonly fault?: string; readonly moment?: string; readonly odd?: string } = {},
    options: Partial<RunJobOptions> = {},
  ): Promise<JobHandle> {
    setEnv({
      THREADED_DIRECTORY: this.directory,
      THREADED_FAULT: settings.fault,
      THREADED_MOMENT: settings.moment,
      THREADED_JOB: settings.odd,
    })
    return runJob(job, {
      checkpointDirectory: join(this.directory, 'checkpoints'),
      logger: this.logger,
      threads: 2,
      module: new URL('threaded.job.ts', import.meta.url),
      ...options,
    })
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** What was committed. */
  lines(): readonly string[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith('.out'))
      .flatMap((name) => readFileSync(join(this.directory, name), 'utf8').trimEnd().split('\n'))
      .toSorted()
  }
}

/** What threads that are started from now on have; `undefined` removes. */
function setEnv(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

const expected = ((): readonly string[] => {
  const counts = new Map<string, number>()
  return orders
    .map(({ customer }) => {
      const count = (counts.get(customer) ?? 0) + 1
      counts.set(customer, count)
      return `${customer}: ${count}`
    })
    .toSorted()
})()

describe('a job in real threads', () => {
  test.each([1, 2])('gives what an undisturbed run gives, in %i threads', async (threads) => {
    using run = new ThreadedRun()

    const handle = await run.start({}, { threads })

    expect(await handle.ended).toBe('finished')
    expect(run.lines()).toEqual(expected)
    const read = handle.metrics().values.filter(({ name }) => name === 'recordsRead')
    expect(read.reduce((sum, { value }) => sum + value, 0)).toBe(orders.length)
    expect(run.logger.warnings).toEqual([])
  })

  const exits =
    /^thread \d ended by itself with exit code 3; it ran the tasks "orders-\d", "count-\d/
  const throws = /^thread \d failed: nobody catches this; it ran the tasks "orders-\d"/
  const filled =
    /^thread \d has no memory left: its heap may have 64 MiB; it ran the tasks "orders-/

  test.each([
    ['exits', 'at a record', 'FLINKTS_THREAD_FAILED', exits],
    ['exits', 'in a checkpoint', 'FLINKTS_THREAD_FAILED', exits],
    ['exits', 'in a commit', 'FLINKTS_THREAD_FAILED', exits],
    ['throws', 'at a record', 'FLINKTS_THREAD_FAILED', throws],
    ['fills its memory', 'at a record', 'FLINKTS_THREAD_OUT_OF_MEMORY', filled],
    ['fills its memory', 'in a checkpoint', 'FLINKTS_THREAD_OUT_OF_MEMORY', filled],
  ])(
    'starts again with new threads when one %s %s, and loses nothing',
    async (fault, moment, code, reason) => {
      using run = new ThreadedRun()

      const handle = await run.start({ fault, moment }, { threadHeapMibMax: 64 })

      expect(await handle.ended).toBe('finished')
      expect(handle.restarts).toBe(1)
      expect(run.lines()).toEqual(expected)
      expect(run.logger.warnings[0]?.fields).toMatchObject({
        code,
        reason: expect.stringMatching(reason) as string,
      })
    },
  )

  test.each([
    ['missing', 'does not export a job by default'],
    ['random', 'defines another job in a thread than the job "threaded" that runs'],
    ['running itself', 'cannot be loaded in a thread'],
  ])('is refused when its module is %s', async (kind, problem) => {
    using run = new ThreadedRun()

    const handle = await run.start({ odd: kind })

    await expect(handle.ended).rejects.toMatchObject({
      code: 'FLINKTS_THREAD_MODULE_INVALID',
      message: expect.stringContaining(problem) as string,
    })
    expect(run.lines()).toEqual([])
  })

  test('is refused without a module', async () => {
    using run = new ThreadedRun()

    const refused = runJob(job, { checkpointDirectory: run.directory, threads: 2 })

    await expect(refused).rejects.toMatchObject({ code: 'FLINKTS_OPTION_INVALID' })
  })
})
