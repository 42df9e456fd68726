import { expect, test } from 'vitest'
import { countTests, sumCounts } from '../../scripts/test-counts.ts'

function report(overrides: Readonly<Record<string, unknown>> = {}): string {
  const run = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, testResults: [] }
  return JSON.stringify({ ...run, ...overrides })
}

test('counts what vitest counts', () => {
  expect(countTests(report(), 0)).toEqual({ passed: 5, failed: 0 })
  expect(countTests(report({ numFailedTests: 2 }), 1)).toEqual({ passed: 5, failed: 2 })
})

test('a run without a report is a failure', () => {
  expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 })
})

test('a skipped test is a failure', () => {
  expect(countTests(report({ numPendingTests: 3 }), 0)).toEqual({ passed: 5, failed: 3 })
})

test('a file that does not load is a failure', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [{}] },
  ]

  expect(countTests(report({ testResults }), 1)).toEqual({ passed: 5, failed: 1 })
})

test('a run that only its exit code calls failed is a failure', () => {
  expect(countTests(report(), 1)).toEqual({ passed: 5, failed: 1 })
})

test('counts add up', () => {
  const counts = [
    { passed: 1, failed: 0 },
    { passed: 2, failed: 3 },
  ]

  expect(sumCounts(counts)).toEqual({ passed: 3, failed: 3 })
})
