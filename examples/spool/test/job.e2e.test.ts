import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runJob } from '@flinkts/core'
import { expect, test, vi } from 'vitest'

test('the job copies what is moved in, and what comes later', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'flinkts-spool-job-'))
  const [input, output] = [join(directory, 'in'), join(directory, 'out')]
  await mkdir(input)
  await mkdir(output)
  await writeFile(join(input, 'a'), '1\n2\n')
  vi.stubEnv('INPUT', input)
  vi.stubEnv('OUTPUT', output)
  try {
    const { default: job } = await import('../src/job.ts')
    const handle = await runJob(job, { checkpointDirectory: join(directory, 'checkpoints') })
    await vi.waitFor(async () => expect(await linesOf(output)).toEqual(['1', '2']), 20_000)
    await writeFile(join(input, 'b'), '3\n')
    await vi.waitFor(async () => expect(await linesOf(output)).toEqual(['1', '2', '3']), 20_000)
    handle.stop()
    await handle.ended
    expect(await linesOf(output)).toEqual(['1', '2', '3'])
  } finally {
    vi.unstubAllEnvs()
    await rm(directory, { recursive: true, force: true })
  }
})

async function linesOf(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  return texts.flatMap((text) => text.split('\n').slice(0, -1))
}
