import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

/** How a run of tests ended. */
export type TestRun =
  | { readonly status: 'passed'; readonly testCount: number }
  /** `test`: the full name of the first one that failed. */
  | { readonly status: 'failed'; readonly test: string }
  | { readonly status: 'timeout' }
  /** No test failed, and yet it did not pass: a file that does not load, or no tests. */
  | { readonly status: 'unusable'; readonly output: string }

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly success: boolean
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** Runs unit tests and simulations of a workspace, up to the first failure. */
export function runTests(
  root: string,
  tests: readonly string[],
  limits: { readonly timeoutMs: number; readonly seedCount: number },
): TestRun {
  const reportFile = path.join(root, 'mutants-report.json')
  rmSync(reportFile, { force: true })
  const result = spawnSync(
    process.execPath,
    [
      path.join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--bail=1',
      '--project=unit',
      '--project=sim',
      '--reporter=json',
      `--outputFile=${reportFile}`,
      ...tests,
    ],
    {
      cwd: root,
      env: { ...process.env, FLINKTS_SEEDS: String(limits.seedCount) },
      encoding: 'utf8',
      timeout: limits.timeoutMs,
      killSignal: 'SIGKILL',
    },
  )
  if (result.error !== undefined && 'code' in result.error && result.error.code === 'ETIMEDOUT') {
    return { status: 'timeout' }
  }
  const output = `${result.stdout}${result.stderr}`
  const report = readReport(reportFile)
  const failed = report?.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')
  if (failed !== undefined) return { status: 'failed', test: failed.fullName }
  if (result.status !== 0 || report === undefined || report.numPassedTests === 0) {
    return { status: 'unusable', output }
  }
  return { status: 'passed', testCount: report.numPassedTests }
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    // It died before it could write one.
    return undefined
  }
}
