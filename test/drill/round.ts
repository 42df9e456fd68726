import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Prng, randomBelow, SeededPrng } from '@flinkts/core/testing'
import { eventually, type PostgresConnection, type SharedPostgres } from '@flinkts/test-services'
import { JobProcess } from './job-process.ts'
import { Load } from './load.ts'
import { createSourceTables, createTargetTables } from './tables.ts'
import { type Findings, type Phase, Witness } from './witness.ts'

/** After so many kills the job starts anew, so that what comes once in its life is killed too. */
export const killsPerRound = 20

export interface RoundOptions {
  /** Chooses the moments of the kills and what is written. */
  readonly seed: number
  readonly kills: number
  /** Rows that are there before the job. */
  readonly rows: number
}

/** A kill as it was. */
export interface Kill {
  readonly phase: Phase
  /** Whether the job had not got to run since the kill before. */
  readonly inRecovery: boolean
  /** Whether it left transactions prepared. */
  readonly prepared: boolean
}

export interface RoundResult {
  readonly kills: readonly Kill[]
  readonly transactions: number
  readonly findings: Findings
  /** Holds checkpoints and log; stays if something is wrong. */
  readonly folder: string
}

/** What is waited for before a kill, each as often as the others. */
const moments = ['start-up', 'running', 'prepared'] as const
const startUpMsMin = 250
const startUpMsMax = 1_000
const runningMsMax = 1_200
/** Of the kills at the beginning of a round, so that several hit the reading of rows. */
const firstRunningMsMax = 300
const preparedMsMax = 1_500
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
  { seed, kills, rows }: RoundOptions,
): Promise<RoundResult> {
  await using source = await server.createDatabase()
  await using target = await server.createDatabase()
  await createSourceTables(source, rows)
  await createTargetTables(target)
  const folder = await mkdtemp(path.join(tmpdir(), 'flinkts-drill-'))
  using job = new JobProcess({
    sourceUrl: urlOf(source.connection),
    targetUrl: urlOf(target.connection),
    folder,
  })
  await using witness = await Witness.open(source.connection, target.connection)
  const load = new Load(source.connection, { seed, rows })
  const done = await strike(job, witness, new SeededPrng(seed), kills)
  await streaming(job, witness)
  await delay(lastLoadMs)
  const transactions = await load.stop()
  await source.query('insert into accounts (id, balance) values ($1, 0)', [lastId])
  await arrived(job, witness)
  await job.stop()
  await witness.checkLedger()
  const findings = await witness.findings()
  if (findings.examples.length === 0) await rm(folder, { recursive: true, force: true })
  return { kills: done, transactions, findings, folder }
}

/** Starts the job and kills it, again and again. */
async function strike(
  job: JobProcess,
  witness: Witness,
  prng: Prng,
  kills: number,
): Promise<readonly Kill[]> {
  const done: Kill[] = []
  for (let index = 0; index < kills; index += 1) {
    const startedAt = Date.now()
    job.start()
    const limitMs = index < kills / 3 ? firstRunningMsMax : runningMsMax
    const inRecovery = await untilMoment(job, witness, { prng, limitMs })
    const phase = await witness.phase(startedAt)
    await job.kill()
    done.push({ phase, inRecovery, prepared: (await witness.preparedCount()) > 0 })
    await witness.checkLedger()
  }
  return done
}

/** @returns whether the job was not waited for to run. */
async function untilMoment(
  job: JobProcess,
  witness: Witness,
  { prng, limitMs }: { readonly prng: Prng; readonly limitMs: number },
): Promise<boolean> {
  const moment = moments[randomBelow(prng, moments.length)]
  const fraction = prng.next()
  if (moment === 'start-up') {
    await delay(startUpMsMin + fraction * (startUpMsMax - startUpMsMin))
    return true
  }
  await job.running()
  await delay(fraction * limitMs)
  if (moment === 'prepared') await untilPrepared(witness)
  return false
}

/** Between a PREPARE and its commit, unless none comes in time. */
async function untilPrepared(witness: Witness): Promise<void> {
  const givenUpMs = performance.now() + preparedMsMax
  while ((await witness.preparedCount()) === 0 && performance.now() < givenUpMs);
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
