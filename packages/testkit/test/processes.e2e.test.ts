import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Kill, SinkPlan } from '../src/processes/process-plan.ts'
import { runProcess, watchProcess } from '../src/processes/run-process.ts'
import { driver } from './support/append-driver.ts'

const main = 'sink/sink-main'

async function planOf(module: string): Promise<SinkPlan> {
  const target = await driver.setup()
  const checkpointDirectory = await mkdtemp(join(tmpdir(), 'flinkts-testkit-'))
  onTestFinished(async () => {
    await driver.clean(target)
    await rm(checkpointDirectory, { recursive: true, force: true })
  })
  const size = { splitCount: 1, batchCount: 1, recordsPerBatch: 1 }
  return { module, target, checkpointDirectory, seed: 1, size, parallelism: 1 }
}

/** Runs the job of a driver, and gives the message of what is wrong with how it ended. */
async function problemOf(module: string, kill?: Kill): Promise<string> {
  const plan = await planOf(module)
  return runProcess({ main, plan: kill === undefined ? plan : { ...plan, kill } }).then(
    () => 'nothing',
    (thrown: unknown) => String(thrown),
  )
}

test('a job that fails in its process is no success, and shows why', async () => {
  const problem = await problemOf(new URL('./support/no-such-driver.ts', import.meta.url).href)

  expect(problem).toContain('a job in a process of its own failed')
  expect(problem).toContain('no-such-driver')
})

test('a moment that never comes is no success', async () => {
  const problem = await problemOf(driver.module, { point: 'K2', nth: 1000 })

  expect(problem).toContain('a process did not come to K2 for time 1000')
})

test('a process that was to die at a moment, and did, is a success', async () => {
  expect(await problemOf(driver.module, { point: 'K2', nth: 1 })).toBe('nothing')
})

test('a process that ends while somebody looks at it is no success', async () => {
  const plan = await planOf(driver.module)
  const watching = watchProcess({ main, plan }, () => new Promise(() => {}))

  await expect(watching).rejects.toMatchObject({
    code: 'FLINKTS_CONFORMANCE_VIOLATED',
    message: expect.stringContaining('ended before its time: the job has finished') as string,
  })
})

test('a process is ended when nobody looks at it any more', async () => {
  const plan = await planOf(driver.module)
  const lines: string[] = []
  const run = { main, plan, onLine: (line: string) => void lines.push(line) }
  await watchProcess(run, () => Promise.resolve())

  expect(lines).toEqual([])
})
