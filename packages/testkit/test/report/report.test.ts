import { expect, test } from 'vitest'
import type { CheckResult } from '../../src/checks/run-checks.ts'
import { conformanceReport, reportPage } from '../../src/report/conformance-report.ts'
import { failureOf } from '../../src/report/failure.ts'
import { fileDriver, twoPhase } from '../support/drivers.ts'
import { HonestSink } from '../support/honest-sink.ts'

const driver = fileDriver('files', twoPhase, (target) => new HonestSink(target))
const check = { level: 'L3', holds: 'it holds' } as const
const failed = { ...check, name: 'b', status: 'failed', seed: 4, cause: new Error('lost') } as const
const results: readonly CheckResult[] = [
  { ...check, name: 'a', status: 'passed', seeds: [1, 2, 3] },
  failed,
  { ...check, name: 'c', status: 'skipped', reason: 'nothing is prepared' },
]

test('a report counts, and names what was run, what failed and what does not apply', async () => {
  const report = await conformanceReport(driver, results, 34)

  expect(report).toMatchObject({
    version: 1,
    connector: 'files',
    capabilities: { guarantee: 'exactly-once', maxPreparedAgeMs: 'Infinity' },
    versions: { test: '1' },
    passed: 1,
    failed: 1,
    skipped: 1,
    seconds: 34,
    checks: [
      { name: 'a', status: 'passed', seeds: '1-3', says: 'it holds' },
      { name: 'b', status: 'failed', seeds: '4' },
      { name: 'c', status: 'skipped', says: 'nothing is prepared' },
    ],
  })
})

test('its page is a table of the same', async () => {
  const page = reportPage(await conformanceReport(driver, results, 34))

  expect(page).toContain('**1 passed, 1 failed, 1 do not apply**; tested: test 1; 34 s.')
  expect(page).toContain('| guarantee | exactly-once |')
  expect(page).toContain('| `a` | L3 | passed | 1-3 | it holds |')
})

test('a failure says what was promised, what was seen, and how to see it again', () => {
  expect(failureOf(failed, { connector: 'files', file: 'test/x.test.ts' })).toMatchObject({
    code: 'FLINKTS_CONFORMANCE_VIOLATED',
    message:
      'files breaks "it holds": lost\n' +
      'replay: FLINKTS_SEED=4 npx vitest run test/x.test.ts -t "b"',
    cause: failed.cause,
  })
})
