/**
 * `npm run golden [-- job ...] [--full]`: runs the jobs of which the results of Flink are known,
 * and says for each whether its results are the same. `--full`: over 1,000,000 events.
 */
import { parseArgs } from 'node:util'
import { failuresOf, runGoldenJob } from './golden-run.ts'
import { goldenJobs } from './jobs/all-jobs.ts'
import type { GoldenJob } from './jobs/golden-job.ts'
import { type GoldenSize, readManifest } from './manifest.ts'
import { canonicalOutput } from './output.ts'

const parallelisms = [1, 2, 4]

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { full: { type: 'boolean', default: false } },
  })
  const unknown = positionals.filter((name) => !goldenJobs.some((job) => job.name === name))
  if (unknown.length > 0) {
    const known = goldenJobs.map(({ name }) => name).join(', ')
    console.error(`unknown job "${unknown.join('", "')}"; the jobs are ${known}`)
    return 2
  }
  const chosen = goldenJobs.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  )
  let equal = true
  for (const job of chosen) {
    for (const parallelism of parallelisms) {
      if (!(await compare(job, parallelism, values.full ? 1_000_000 : 100_000))) equal = false
    }
  }
  return equal ? 0 : 1
}

/** Prints a line a result. @returns whether all are equal. */
async function compare(job: GoldenJob, parallelism: number, size: GoldenSize): Promise<boolean> {
  const manifest = readManifest(size)
  const startedMs = performance.now()
  const run = await runGoldenJob(job, {
    parallelism,
    count: size,
    failures: failuresOf(parallelism, size),
  })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  let allEqual = true
  for (const [name, lines] of run.lines) {
    const { rows, sha256 } = canonicalOutput(lines)
    const equal = sha256 === manifest.get(name)?.sha256
    if (!equal) allEqual = false
    const subtasks = `parallelism ${parallelism}`
    const ran = `${run.restarts} restarts, ${run.checkpoints} checkpoints, ${seconds} s`
    const verdict = equal ? 'equal' : 'DIFFERENT'
    console.log(`${name.padEnd(20)} ${subtasks}  ${rows} rows  ${sha256}  ${verdict}  (${ran})`)
  }
  return allEqual
}
