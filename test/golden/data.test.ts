import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defineGoldenJobs } from './golden-run.ts'
import { goldenJobs } from './jobs/all-jobs.ts'
import { readGoldenText, readManifest } from './manifest.ts'
import { canonicalOutput, canonicalText } from './output.ts'

const stored = [...readManifest(100_000).values()]

test.each(stored)('$name is stored as its manifest says', ({ name, rows, bytes, sha256 }) => {
  const text = readGoldenText(name)
  const lines = text.split('\n').slice(0, -1)

  expect(canonicalText(lines)).toBe(text)
  expect(canonicalOutput(lines)).toEqual({ rows, bytes, sha256 })
})

test('every file of results is in the manifest', () => {
  const files = readdirSync(new URL('data', import.meta.url)).filter((name) => name !== 'MANIFEST')

  expect(files.toSorted()).toEqual(stored.map(({ name }) => `${name}.txt.gz`).toSorted())
})

test('the results of both sizes have the same names', () => {
  expect([...readManifest(1_000_000).keys()]).toEqual(stored.map(({ name }) => name))
})

test('every result is compared with that of one job', () => {
  const { names } = defineGoldenJobs({
    ...{ jobs: goldenJobs.map(({ name }) => name), parallelism: 1, count: 6000, folder: 'nowhere' },
    failures: { failures: [], holds: [] },
  })

  expect(names.toSorted()).toEqual(stored.map(({ name }) => name).toSorted())
})
