import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readEvidence } from '../src/conformance-evidence.ts'
import { evidenceLines } from '../src/evidence-text.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flinkts-evidence-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const report = {
  version: 1,
  connector: 'queue sink',
  capabilities: { guarantee: 'exactly-once' },
  versions: { queue: '1.2.0', server: '17' },
  passed: 3,
  failed: 0,
  skipped: 1,
  checks: [{ seeds: '1' }, { seeds: '1-4' }, {}],
}

/** A package with a report in it, and the URL of that. */
function packageWith(changes: object, version = '1.2.0'): string {
  mkdirSync(join(folder, 'conformance'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'queue', version }))
  const file = join(folder, 'conformance', 'conformance.json')
  writeFileSync(file, JSON.stringify({ ...report, ...changes }))
  return pathToFileURL(file).href
}

async function linesOf(urls: readonly string[]): Promise<readonly string[]> {
  return evidenceLines(await readEvidence(urls, 'exactly-once'))
}

test('a report says how much was checked, how often, and of which versions', async () => {
  expect(await linesOf([packageWith({})])).toEqual([
    'conformance: 3 of 3 checks (1 do not apply), up to 4 seeds, queue 1.2.0, server 17 ' +
      '(queue sink)',
  ])
})

test('checks that failed are not among those that hold', async () => {
  expect(await linesOf([packageWith({ passed: 2, failed: 1, skipped: 0 })])).toEqual([
    'conformance: 2 of 3 checks, up to 4 seeds, queue 1.2.0, server 17 (queue sink)',
  ])
})

test('a connector without a report says so', async () => {
  expect(await linesOf([])).toEqual(['no conformance report'])
})

test.each([
  ['of another version', {}, '1.3.0', 'it is about queue 1.2.0, and this is 1.3.0'],
  [
    'of another package',
    { versions: { stack: '1' } },
    '1.2.0',
    'it does not say which version of queue was tested',
  ],
  [
    'with another guarantee',
    { capabilities: { guarantee: 'at-least-once' } },
    '1.2.0',
    'it is about one whose guarantee is at-least-once',
  ],
])('a report %s is doubted', async (_which, changes, version, problem) => {
  const [line] = await linesOf([packageWith(changes, version)])

  expect(line?.endsWith(`; but ${problem}`)).toBe(true)
})

test.each([
  ['in a format of another version', { version: 2 }, 'its format has version 2, not 1'],
  ['without what it should have', { checks: 'none' }, 'it lists no checks'],
])('a report %s is named, and not used', async (_which, changes, problem) => {
  const [line] = await linesOf([packageWith(changes)])

  const path = join(folder, 'conformance', 'conformance.json')
  expect(line).toBe(`conformance report ${path}: it cannot be read: ${problem}`)
})

test('a report that is not there is named', async () => {
  const path = join(folder, 'absent.json')

  const [line] = await linesOf([pathToFileURL(path).href])

  expect(line).toContain(`conformance report ${path}: it cannot be read: ENOENT`)
})
