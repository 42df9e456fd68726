import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { buildPackages } from '../build-packages.ts'
import { atLeast, type Goal } from '../goals.ts'
import { runProgram } from '../installation.ts'
import { measureBuilt } from '../node-process.ts'
import { clientFolder } from '../postgres-client.ts'
import { type Login, startPostgres } from '../postgres-server.ts'
import { scratchFolder } from '../scratch.ts'
import { median, rounded } from '../statistics.ts'
import { CopyTables } from './copy-tables.ts'
import type { CopyJobRun } from './measure.ts'

const module = fileURLToPath(new URL('measure.ts', import.meta.url))
const modes = ['twoPhase', 'append', 'staged'] as const

/** Who copies, and how. */
type Contender = 'psql' | (typeof modes)[number]

interface Run {
  readonly contender: Contender
  /** From the start of the process to its end. */
  readonly seconds: number
  /** Of ours only. */
  readonly cpuSeconds: number | undefined
}

/** Rows from one database to another, beside the client of Postgres. */
export const postgresCopyBench: Bench = {
  name: 'postgres-copy',
  description: 'rows from Postgres to Postgres, beside COPY from psql to psql',
  run,
}

async function run({ quick }: BenchOptions): Promise<BenchResult> {
  const rows = quick ? 100_000 : 1_000_000
  const rounds = quick ? 1 : 5
  buildPackages()
  await using folder = await scratchFolder('postgres-copy')
  await using server = await startPostgres(folder.path)
  console.log(`Postgres ${server.version}, from npm; ${rows} rows of 6 columns`)
  const psql = await psqlProgram()
  const tables = new CopyTables(server.login)
  await tables.create(rows)
  const copying = { tables, login: server.login, folder: folder.path, psql }
  const runs: Run[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders(psql)) {
      runs.push(await copy(contender, copying, `${contender}-${round}`))
    }
  }
  for (const contender of contenders(psql)) console.log(described(rows, contender, runs))
  return { goals: goalsOf(runs), figures: { rows, postgres: server.version, runs } }
}

interface Copying {
  readonly tables: CopyTables
  readonly login: Login
  readonly folder: string
  readonly psql: string | undefined
}

/** @returns undefined if there is none, which is said. */
async function psqlProgram(): Promise<string | undefined> {
  try {
    return path.join(await clientFolder('psql'), 'psql')
  } catch (cause) {
    console.log(`psql is left out: ${cause instanceof Error ? cause.message : String(cause)}`)
    return undefined
  }
}

function contenders(psql: string | undefined): readonly Contender[] {
  return psql === undefined ? modes : ['psql', ...modes]
}

/** @throws Error if the copy is not what the table is. */
async function copy(contender: Contender, copying: Copying, name: string): Promise<Run> {
  const { tables } = copying
  await tables.reset()
  const startedMs = performance.now()
  const job = contender === 'psql' ? undefined : copyByJob(contender, copying, name)
  if (job === undefined) await copyByPsql(copying)
  const cpuSeconds = (await job)?.cpuSeconds
  const seconds = (performance.now() - startedMs) / 1000
  const [wanted, found] = await Promise.all(
    [tables.source, tables.target].map((database) => tables.content(database)),
  )
  if (found?.rows !== wanted?.rows || found?.checksum !== wanted?.checksum) {
    throw new Error(`${name} copied ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
  }
  return { contender, seconds, cpuSeconds }
}

function copyByJob(
  mode: Exclude<Contender, 'psql'>,
  { tables, folder }: Copying,
  name: string,
): Promise<CopyJobRun> {
  const [source, target] = [tables.source, tables.target].map((database) => tables.url(database))
  return measureBuilt(module, [mode, path.join(folder, name), source ?? '', target ?? ''])
}

const pipe = `set -o pipefail
  "$1" -Xqc 'copy readings to stdout' "$2" | "$1" -Xqc 'copy readings from stdin' "$3"`

async function copyByPsql({ tables, login, psql = '' }: Copying): Promise<void> {
  const { host, port, user, password } = login
  await runProgram('/bin/bash', ['-ec', pipe, 'copy', psql, tables.source, tables.target], {
    env: { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
  })
}

/** How fast `twoPhase` is beside others: the median over rounds, each of which has its own load. */
function goalsOf(runs: readonly Run[]): readonly Goal[] {
  const goal = (name: string, other: Contender, value: number): Goal => {
    const [own, others] = [ofContender('twoPhase', runs), ofContender(other, runs)]
    const ratios = own.map(({ seconds }, round) => (others[round]?.seconds ?? Number.NaN) / seconds)
    return { name, figure: median(ratios), target: atLeast(value), unit: 'x' }
  }
  const byModes = goal('postgres-copy-two-phase-to-append', 'append', 0.85)
  if (ofContender('psql', runs).length === 0) return [byModes]
  return [goal('postgres-copy-to-psql', 'psql', 0.3), byModes]
}

function ofContender(contender: Contender, runs: readonly Run[]): readonly Run[] {
  return runs.filter((one) => one.contender === contender)
}

function described(rows: number, contender: Contender, runs: readonly Run[]): string {
  const own = ofContender(contender, runs)
  const seconds = median(own.map((one) => one.seconds))
  const cpu = median(own.flatMap(({ cpuSeconds }) => cpuSeconds ?? []))
  const rate = Math.round(rows / seconds).toLocaleString('en')
  const cpuText = Number.isNaN(cpu) ? '' : `, ${rounded(cpu)} CPU s`
  return `${contender.padEnd(8)}  ${rate} rows/s, ${rounded(seconds)} s${cpuText}`
}
