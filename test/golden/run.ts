/**
 * `npm run golden [-- job ...] [--full]`: runs the jobs of which the results of Flink are known,
 * and says for each whether its results are the same. `--full`: over 1,000,000 events.
 */
import { parseArgs } from 'node:util'
import { failuresOf, type GoldenRunOptions, goldenRuns, runGoldenJobs } from './golden-run.ts'
import { goldenJobs } from './jobs/all-jobs.ts'
import { type GoldenSize, readManifest } from './manifest.ts'
import { canonicalOutput } from './output.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { full: { type: 'boolean', default: false } },
  })
  const jobs = goldenJobs.map(({ name }) => name)
  const unknown = positionals.filter((name) => !jobs.includes(name))
  if (unknown.length > 0) {
    console.error(`unknown job "${unknown.join('", "')}"; the jobs are ${jobs.join(', ')}`)
    return 2
  }
  const chosen = positionals.length === 0 ? jobs : positionals
  const count = values.full ? 1_000_000 : 100_000
  let equal = true
  for (const { seed, ...run } of goldenRuns) {
    const failures = failuresOf(seed, count)
    if (!(await compare({ ...run, jobs: chosen, count, failures }))) equal = false
  }
  return equal ? 0 : 1
}

/** Prints a line a result. @returns whether all are equal. */
async function compare(
  options: GoldenRunOptions & { readonly count: GoldenSize },
): Promise<boolean> {
  const { count, parallelism, threads } = options
  const manifest = readManifest(count)
  const startedMs = performance.now()
  const run = await runGoldenJobs(options)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  let allEqual = true
  for (const [name, lines] of run.lines) {
    const { rows, sha256 } = canonicalOutput(lines)
    const equal = sha256 === manifest.get(name)?.sha256
    if (!equal) allEqual = false
    const subtasks = `parallelism ${parallelism}, ${threads} threads`
    const ran = `${run.restarts} restarts, ${run.checkpoints} checkpoints, ${seconds} s`
    const verdict = equal ? 'equal' : 'DIFFERENT'
    console.log(`${name.padEnd(20)} ${subtasks}  ${rows} rows  ${sha256}  ${verdict}  (${ran})`)
  }
  return allEqual
}
