import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { defined } from '@flinkts/core/connector'
import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import { eventually, type PostgresConnection, type SharedPostgres } from '@flinkts/test-services'
import type { RoundOptions, RoundResult } from '../drill.ts'
import { JobProcess } from '../job-process.ts'
import type { Mode } from '../options.ts'
import { Load } from './load.ts'
import { createSourceTables, createTargetTables } from './tables.ts'
import { type Findings, type Phase, phases, Witness } from './witness.ts'

const script = fileURLToPath(new URL('drill-job.ts', import.meta.url))

/** What a round of this pipeline is asked for. */
export interface PostgresRoundOptions extends RoundOptions {
  /** Rows that are there before the job. */
  readonly rows: number
  /** Of the sink. */
  readonly mode: Mode
}

/** A kill as it was. */
interface Kill {
  readonly moment: Moment
  readonly phase: Phase
  /** Whether it left transactions prepared, or rows staged. */
  readonly held: boolean
}

/**
 * What is waited for before a kill, and then a little longer: each as often as the others.
 *
 * - `start-up`: some time since the start, so maybe before it has recovered from the last kill
 * - `running`: it runs
 * - `held`: it runs, and there is a prepared transaction, or staged rows
 * - `stream`: it begins to stream: after the last row was read, or after a kill
 */
const moments = ['start-up', 'running', 'held', 'stream'] as const
type Moment = (typeof moments)[number]

const startUpMsMin = 250
const startUpMsMax = 1_000
const runningMsMax = 1_200
/** Of the first kill of a round, which is to hit the preparation of publication and slot. */
const firstMsMax = 100
/** Of kills at the beginning of a round, so that several hit the reading of rows. */
const earlyMsMax = 300
const streamMsMax = 40
const waitMsMax = 1_500
const lastLoadMs = 500
const catchUpTimeoutMs = 60_000
const lastId = 1_000_000_000

/**
 * One life of the job, from its first start, with databases of its own: it is killed so often, at
 * random moments, while its source is being written to; then it catches up, and is stopped.
 *
 * @throws Error if the job ends by itself, if it does not catch up, or if what is visible after a
 * kill is not what its ledger says
 */
export async function runRound(
  server: SharedPostgres,
  options: PostgresRoundOptions,
): Promise<RoundResult> {
  const { seed, rows, mode } = options
  await using source = await server.createDatabase()
  await using target = await server.createDatabase()
  await createSourceTables(source, rows)
  await createTargetTables(target)
  const folder = await mkdtemp(path.join(tmpdir(), 'flinkts-drill-'))
  using job = new JobProcess({
    script,
    environment: {
      MODE: mode,
      SOURCE_URL: urlOf(source.connection),
      TARGET_URL: urlOf(target.connection),
    },
    folder,
  })
  await using witness = await Witness.open(source.connection, target.connection)
  const load = new Load(source.connection, { seed, rows })
  const done = await strike(job, witness, options)
  await streaming(job, witness)
  await delay(lastLoadMs)
  const transactions = await load.stop()
  await source.query('insert into accounts (id, balance) values ($1, 0)', [lastId])
  await arrived(job, witness)
  await job.stop()
  await witness.checkLedger()
  const findings = await witness.findings()
  if (findings.examples.length === 0) await rm(folder, { recursive: true, force: true })
  return { ...resultOf(done, transactions, findings), folder }
}

function resultOf(
  kills: readonly Kill[],
  transactions: number,
  { rows, changes, faults, held, examples }: Findings,
): Omit<RoundResult, 'folder'> {
  const countOf = (matches: (kill: Kill) => boolean): number => kills.filter(matches).length
  const counts: Record<string, number> = {}
  for (const name of phases) counts[`  while ${name}`] = countOf(({ phase }) => phase === name)
  for (const name of moments) {
    counts[`  aimed at: ${name}`] = countOf(({ moment }) => moment === name)
  }
  return {
    kills: kills.length,
    counts: {
      ...counts,
      '  between a prepare and its commit': countOf(({ held: isHeld }) => isHeld),
      'transactions written': transactions,
      'rows read': rows,
      'changes streamed': changes,
    },
    faults: { ...faults, 'left behind': held },
    examples,
  }
}

/** Starts the job and kills it, again and again. */
async function strike(
  job: JobProcess,
  witness: Witness,
  { seed, kills }: RoundOptions,
): Promise<readonly Kill[]> {
  const prng = new SeededPrng(seed)
  const done: Kill[] = []
  for (let index = 0; index < kills; index += 1) {
    const chosen = defined(moments[randomBelow(prng, moments.length)], 'there are moments')
    const moment = index === 0 ? 'running' : chosen
    const early = index === 0 ? firstMsMax : earlyMsMax
    const start = { moment, fraction: prng.next(), startedAt: Date.now() } as const
    job.start()
    await untilMoment(job, witness, {
      ...start,
      runningMsMax: index < kills / 3 ? early : runningMsMax,
    })
    const phase = await witness.phase(start.startedAt)
    await job.kill()
    done.push({ moment, phase, held: (await witness.heldCount()) > 0 })
    await witness.checkLedger()
  }
  return done
}

interface Start {
  readonly moment: Moment
  /** How much of the time at the moment is waited: from 0 (inclusive) to 1 (exclusive). */
  readonly fraction: number
  /** In milliseconds since 1970. */
  readonly startedAt: number
  readonly runningMsMax: number
}

async function untilMoment(job: JobProcess, witness: Witness, start: Start): Promise<void> {
  const { moment, fraction, startedAt } = start
  if (moment === 'start-up') {
    await delay(startUpMsMin + fraction * (startUpMsMax - startUpMsMin))
    return
  }
  await job.running()
  if (moment === 'stream') {
    await waitFor(async () => (await witness.phase(startedAt)) === 'streaming')
    await delay(fraction * streamMsMax)
    return
  }
  await delay(fraction * start.runningMsMax)
  if (moment === 'held') await waitFor(async () => (await witness.heldCount()) > 0)
}

/** Until it is so, or takes too long. */
async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const givenUpMs = performance.now() + waitMsMax
  while (!(await condition()) && performance.now() < givenUpMs);
}

/** Starts the job for the last time; resolves when it has read all rows. */
async function streaming(job: JobProcess, witness: Witness): Promise<void> {
  const startedAt = Date.now()
  job.start()
  await eventually(
    'the job to stream',
    async () => {
      job.assertAlive()
      const phase = await witness.phase(startedAt)
      if (phase !== 'streaming') throw new Error(`the job is ${phase}`)
    },
    { timeoutMs: catchUpTimeoutMs },
  )
}

async function arrived(job: JobProcess, witness: Witness): Promise<void> {
  await eventually(
    'the last change to be copied',
    async () => {
      job.assertAlive()
      if (!(await witness.isCopied(lastId))) throw new Error('it is not there')
    },
    { timeoutMs: catchUpTimeoutMs },
  )
}

function urlOf({ user, password, host, port, database }: PostgresConnection): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`
}
