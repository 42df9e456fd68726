import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Kill, SinkPlan } from '../src/processes/process-plan.ts'
import { runProcess } from '../src/processes/run-process.ts'
import { driver } from './support/append-driver.ts'

/** Runs the job of a driver, and gives the message of what is wrong with how it ended. */
async function problemOf(module: string, kill?: Kill): Promise<string> {
  const target = await driver.setup()
  const checkpointDirectory = await mkdtemp(join(tmpdir(), 'flinkts-testkit-'))
  onTestFinished(async () => {
    await driver.clean(target)
    await rm(checkpointDirectory, { recursive: true, force: true })
  })
  const size = { splitCount: 1, batchCount: 1, recordsPerBatch: 1 }
  const plan: SinkPlan = { module, target, checkpointDirectory, seed: 1, size, parallelism: 1 }
  const main = 'sink/sink-main'
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
