/**
 * Breaks flinkts on purpose, one break at a time in a copy of the workspace, and runs the tests
 * that must catch it. Ends with an error if a break is not caught, or does not apply.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { broken, type Mutant } from './mutant.ts'
import { mutants } from './mutants.ts'
import { scratchCopy } from './scratch-copy.ts'
import { runTests, type TestRun } from './test-run.ts'

type Verdict = 'caught' | 'survived' | 'does not apply' | 'does not load'

interface Judgement {
  readonly verdict: Verdict
  readonly by: readonly string[]
}

const usage = `npm run mutants [-- name ...]   breaks flinkts, and runs the tests that must notice
npm run mutants -- --list       what is broken, and where
`

const workspace = fileURLToPath(new URL('../..', import.meta.url))
/** A break that makes a test hang is caught too, but late. */
const timeoutMs = 120_000
/** Of all tests together. */
const intactTimeoutMs = 300_000
/** Of the simulation: as many as it runs by itself. */
const seedCount = 1000

process.exitCode = main()

function main(): number {
  const { values, positionals: names } = parseArgs({
    options: { list: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  if (values.help === true) {
    process.stdout.write(usage)
    return 0
  }
  const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name))
  if (unknown.length > 0) {
    process.stderr.write(`there is no mutant ${unknown.join(', ')}\n${usage}`)
    return 2
  }
  const chosen = mutants.filter(({ name }) => names.length === 0 || names.includes(name))
  if (values.list !== true) return breakAll(chosen)
  process.stdout.write(chosen.map(described).join(''))
  return 0
}

function breakAll(chosen: readonly Mutant[]): number {
  using copy = scratchCopy(workspace)
  const start = performance.now()
  if (!intactTestsPass(copy.root, chosen)) return 1
  const verdicts = chosen.map((mutant) => judgeAndTell(copy.root, mutant))
  const caught = verdicts.filter((verdict) => verdict === 'caught').length
  process.stdout.write(`${caught} of ${chosen.length} breaks caught (${secondsSince(start)} s)\n`)
  return caught === chosen.length ? 0 : 1
}

/** Tests that fail anyway would catch everything. */
function intactTestsPass(root: string, chosen: readonly Mutant[]): boolean {
  const start = performance.now()
  const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))]
  const run = runTests(root, tests, { timeoutMs: intactTimeoutMs, seedCount })
  if (run.status !== 'passed') {
    process.stderr.write(`the tests fail without a break: ${why(run)}\n`)
    return false
  }
  process.stdout.write(`${run.testCount} tests pass without a break (${secondsSince(start)} s)\n`)
  return true
}

function judgeAndTell(root: string, mutant: Mutant): Verdict {
  const start = performance.now()
  const { verdict, by } = judge(root, mutant)
  process.stdout.write(`${verdict.padEnd(14)} ${mutant.name} (${secondsSince(start)} s)\n`)
  for (const line of by) process.stdout.write(`    ${line}\n`)
  return verdict
}

/** The verdict, and what led to it. */
function judge(root: string, mutant: Mutant): Judgement {
  const file = path.join(root, mutant.file)
  const original = readFileSync(file, 'utf8')
  const text = broken(original, mutant)
  if (text === undefined) return { verdict: 'does not apply', by: [`${mutant.file} has changed`] }
  writeFileSync(file, text)
  try {
    const runs = mutant.tests.map((test) => runTests(root, [test], { timeoutMs, seedCount }))
    const verdicts = runs.map(verdictOf)
    const verdict = verdicts.find((found) => found !== 'caught') ?? 'caught'
    return { verdict, by: runs.map((run, index) => why(run) ?? `${mutant.tests[index]} passed`) }
  } finally {
    writeFileSync(file, original)
  }
}

function verdictOf({ status }: TestRun): Verdict {
  if (status === 'passed') return 'survived'
  return status === 'unusable' ? 'does not load' : 'caught'
}

/** Why the tests did not pass. */
function why(run: TestRun): string | undefined {
  if (run.status === 'passed') return undefined
  if (run.status === 'failed') return run.test
  return run.status === 'timeout' ? 'a test hung' : run.output.trimEnd()
}

function described({ name, breaks, file }: Mutant): string {
  return `${name}\n    ${breaks}\n    ${file}\n`
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}
