/**
 * `npm run bench [-- name ...] [--quick]`: measures flinkts against baselines in the same run. Ends
 * with one line a goal, and with an error if one is short.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BenchArguments, parseArguments } from './arguments.ts'
import type { Bench, BenchResult } from './bench.ts'
import { cdcBench } from './cdc/cdc-bench.ts'
import { checkpointOverheadBench } from './checkpoint-overhead/checkpoint-overhead-bench.ts'
import { flinkBench } from './flink/flink-bench.ts'
import { goalLine, isReached } from './goals.ts'
import { kafkaBench } from './kafka/kafka-bench.ts'
import { kafkaCodecBench } from './kafka-codec/kafka-codec-bench.ts'
import { describeMachine, loadAverage } from './machine.ts'
import { postgresCopyBench } from './postgres-copy/postgres-copy-bench.ts'
import { recordPathBench } from './record-path/record-path-bench.ts'

const benches: readonly Bench[] = [
  recordPathBench,
  checkpointOverheadBench,
  kafkaCodecBench,
  kafkaBench,
  flinkBench,
  cdcBench,
  postgresCopyBench,
]
const resultsFolder = fileURLToPath(new URL('results', import.meta.url))

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const options = parseArguments(args)
  if (options.help) {
    console.log(helpText())
    return 0
  }
  const unknown = options.names.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0) {
    console.error(`unknown bench "${unknown.join('", "')}"\n\n${helpText()}`)
    return 2
  }
  const chosen = benches.filter(
    ({ name }) => options.names.length === 0 || options.names.includes(name),
  )
  return runAll(chosen, options)
}

async function runAll(chosen: readonly Bench[], options: BenchArguments): Promise<number> {
  const startedAt = new Date()
  const results: Record<string, BenchResult & { readonly load: readonly number[] }> = {}
  for (const bench of chosen) {
    console.log(`\n── ${bench.name}`)
    const before = loadAverage()
    const result = await bench.run(options)
    results[bench.name] = { ...result, load: [before, loadAverage()] }
  }
  const goals = Object.values(results).flatMap((result) => result.goals)
  const file = await writeResults(startedAt, {
    startedAt: startedAt.toISOString(),
    quick: options.quick,
    machine: describeMachine(),
    benches: results,
  })
  console.log(`\nfigures: ${path.relative(process.cwd(), file)}`)
  for (const goal of goals) console.log(goalLine(goal))
  return goals.every(isReached) ? 0 : 1
}

async function writeResults(startedAt: Date, content: unknown): Promise<string> {
  await mkdir(resultsFolder, { recursive: true })
  const name = startedAt.toISOString().replaceAll(/[:.]/g, '-')
  const file = path.join(resultsFolder, `${name}.json`)
  await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`)
  return file
}

function helpText(): string {
  const width = Math.max(...benches.map(({ name }) => name.length))
  return [
    'npm run bench [-- name ...] [options]',
    '',
    ...benches.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
    '',
    'Options:',
    '  --quick            small sizes: shows that all works; the figures say little',
    '  --peers a,b        of the Postgres bench: only these peers',
    '  --scenarios a,b    of the Postgres bench: only these scenarios',
    '  --only a,b         of the benches `flink` and `kafka`: only these parts',
    '  --help',
  ].join('\n')
}
