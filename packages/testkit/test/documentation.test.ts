import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sinkKit } from '../src/checks/sink/sink-checks.ts'
import type { ConformanceReport } from '../src/index.ts'
import { brokenSinks } from './support/broken-sinks.ts'

const folder = new URL('../../../docs/connectors/', import.meta.url)
const page = readFileSync(new URL('conformance.md', folder), 'utf8')
const tables = page.slice(page.indexOf('\n## The checks\n'))
const rows = tables.split('\n').filter((line) => line.startsWith('| `'))

describe('the page of the kit', () => {
  test('lists every check, in order, and every broken sink with the check that catches it', () => {
    const checks = sinkKit.checks.map(
      ({ name, level, holds }) => `| \`${name}\` | ${level} | ${holds} |`,
    )
    const broken = Object.entries(brokenSinks).map(
      ([name, { breaks, caughtBy }]) => `| \`${name}\` | ${breaks} | \`${caughtBy}\` |`,
    )

    expect(rows).toEqual([...checks, ...broken])
  })
})

describe('the reports of our connectors', () => {
  const reports = readdirSync(folder)
    .map((name) => new URL(`${name}/conformance.json`, folder))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as ConformanceReport)

  test('are there', () => {
    const connectors = reports.map(({ connector }) => connector)
    expect(connectors.toSorted()).toEqual([
      'filesystem sink',
      'postgres sink, append',
      'postgres sink, staged',
      'postgres sink, twoPhase',
    ])
  })

  test.each(reports)('hold every check of the kit, and no failure: $connector', (report) => {
    expect(report.failed).toBe(0)
    expect(report.checks.map(({ name }) => name)).toEqual(sinkKit.checks.map(({ name }) => name))
  })
})
