/** How many checks passed and failed. */
export interface TestCounts {
  readonly passed: number
  readonly failed: number
}

/** The part of vitest's JSON report that is read here. */
interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly unknown[]
  }[]
}

/**
 * Counts a vitest run. Whatever kept a test from running is a failure: a skipped test, a file that
 * does not load, a run that dies without a report or complains only through its exit code.
 *
 * @param report - vitest's JSON report, or `undefined` when it left none
 */
export function countTests(report: string | undefined, exitCode: number): TestCounts {
  if (report === undefined) return { passed: 0, failed: 1 }
  const run = JSON.parse(report) as VitestReport
  const brokenFiles = run.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  const failed = run.numFailedTests + run.numPendingTests + brokenFiles.length
  return { passed: run.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

/** Adds counts up. */
export function sumCounts(counts: readonly TestCounts[]): TestCounts {
  return {
    passed: counts.reduce((sum, { passed }) => sum + passed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  }
}
