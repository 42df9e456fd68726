import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runJob, silentLogger } from '@flinkts/core'
import { visitsPerPage } from './checkpoints-page.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flinkts-checkpoints-'))
})

afterEach(() => rm(directory, { recursive: true }))

async function committedLines(): Promise<string[]> {
  const names = (await readdir(join(directory, 'out'))).filter((name) => name.endsWith('.jsonl'))
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory, 'out', name), 'utf8')),
  )
  return texts.flatMap((text) => text.trimEnd().split('\n'))
}

test('the example of docs/checkpoints.md is the one that is run here', async () => {
  const page = await readFile(new URL('../../../docs/checkpoints.md', import.meta.url), 'utf8')
  const code = await readFile(new URL('checkpoints-page.ts', import.meta.url), 'utf8')
  const [, job = ''] = code.split('export function visitsPerPage')

  expect(page).toContain(`export function visitsPerPage${job}`)
})

test('the example of docs/checkpoints.md gives each count once, also if it fails', async () => {
  const pages = ['a', 'b', 'a', 'c', 'a', 'b']
  await mkdir(join(directory, 'in'))
  const lines = pages.map((page) => JSON.stringify({ page }))
  await writeFile(join(directory, 'in', 'visits.jsonl'), `${lines.join('\n')}\n`)
  let calls = 0
  const job = visitsPerPage(directory, () => {
    calls += 1
    if (calls === 4) throw new Error('the fourth call fails')
  })

  const run = await runJob(job, {
    checkpointDirectory: join(directory, 'checkpoints'),
    logger: silentLogger,
  })
  const ended = await run.ended

  expect({ ended, restarts: run.restarts }).toEqual({ ended: 'finished', restarts: 1 })
  expect((await committedLines()).toSorted()).toEqual([
    '{"page":"a","visits":1}',
    '{"page":"a","visits":2}',
    '{"page":"a","visits":3}',
    '{"page":"b","visits":1}',
    '{"page":"b","visits":2}',
    '{"page":"c","visits":1}',
  ])
})
