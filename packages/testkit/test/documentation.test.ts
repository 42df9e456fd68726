import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sinkKit } from '../src/checks/sink/sink-checks.ts'
import { sourceKit } from '../src/checks/source/source-checks.ts'
import type { ConformanceReport } from '../src/index.ts'
import { brokenSinks } from './support/broken-sinks.ts'
import { brokenSources } from './support/source/broken-sources.ts'

const workspace = new URL('../../../', import.meta.url)
const page = readFileSync(new URL('docs/connectors/conformance.md', workspace), 'utf8')

/** The rows of the table under a heading. */
function rowsUnder(heading: string): readonly string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [text = ''] = section.split('\n## ')
  return text.split('\n').filter((line) => line.startsWith('| `'))
}

describe('the page of the kit', () => {
  test.each([
    ['The checks of sinks', sinkKit.checks],
    ['The checks of sources', sourceKit.checks],
  ])('lists every check, in order: %s', (heading, checks) => {
    const rows = checks.map(({ name, level, holds }) => `| \`${name}\` | ${level} | ${holds} |`)

    expect(rowsUnder(heading)).toEqual(rows)
  })

  test.each([
    ['Broken sinks', brokenSinks],
    ['Broken sources', brokenSources],
  ])('lists every one with the check that catches it: %s', (heading, broken) => {
    const rows = Object.entries(broken).map(
      ([name, { breaks, caughtBy }]) => `| \`${name}\` | ${breaks} | \`${caughtBy}\` |`,
    )

    expect(rowsUnder(heading)).toEqual(rows)
  })
})

describe('the reports of our connectors', () => {
  const reports = ['packages/filesystem', 'connectors/postgres']
    .map((name) => new URL(`${name}/conformance/`, workspace))
    .flatMap((reported) => readdirSync(reported).map((name) => new URL(`${name}/`, reported)))
    .map((place) => readFileSync(new URL('conformance.json', place), 'utf8'))
    .map((text) => JSON.parse(text) as ConformanceReport)

  test('are there', () => {
    const connectors = reports.map(({ connector }) => connector)
    expect(connectors.toSorted()).toEqual([
      'filesystem sink',
      'filesystem source',
      'filesystem source, watching',
      'postgres sink, append',
      'postgres sink, staged',
      'postgres sink, twoPhase',
      'postgres sink, twoPhase by key',
      'postgres sink, upsert',
      'postgres source',
    ])
  })

  test.each(reports)('hold every check of the kit, and no failure: $connector', (report) => {
    const kit = report.connector.includes(' sink') ? sinkKit : sourceKit

    expect(report.failed).toBe(0)
    expect(report.checks.map(({ name }) => name)).toEqual(kit.checks.map(({ name }) => name))
  })
})
