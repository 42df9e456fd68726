import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { eventually } from '@flinkts/test-services'
import type { PostgresDatabase } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { newDatabase } from '../support/source-fixture.ts'
import { preparedNames } from '../support/sink-fixture.ts'

const recordCount = 120_000
const kills = 12
const script = fileURLToPath(new URL('../jobs/sink-process.ts', import.meta.url))

/** Processes of one job, one after the other. */
class JobProcess implements Disposable {
  readonly #checkpoints = mkdtempSync(join(tmpdir(), 'flinkts-postgres-sink-'))
  readonly #url: string
  #child: ChildProcess | undefined
  stderr = ''

  constructor({ connection }: PostgresDatabase) {
    const { user, password, host, port, database } = connection
    this.#url = `postgres://${user}:${password}@${host}:${port}/${database}`
  }

  start(): void {
    this.stderr = ''
    const child = spawn(process.execPath, ['--conditions=@flinkts/source', script], {
      env: { DATABASE_URL: this.#url, CHECKPOINTS: this.#checkpoints, RECORDS: `${recordCount}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#child = child
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.ended()
  }

  async ended(): Promise<number | null> {
    if (this.#child !== undefined && this.running) await once(this.#child, 'exit')
    return this.#child?.exitCode ?? null
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL')
    rmSync(this.#checkpoints, { recursive: true, force: true })
  }
}

async function ledgerCount(database: PostgresDatabase): Promise<number> {
  const [exists] = await database.query<{ ledger: string | null }>(
    `select to_regclass('flinkts_ledger') as ledger`,
  )
  if (exists?.ledger === null) return 0
  const [row] = await database.query<{ count: string }>('select count(*) from flinkts_ledger')
  return Number(row?.count)
}

test('a job that is killed again and again writes every row exactly once', async () => {
  await using database = await newDatabase('create table numbers (id int, name text)')
  using job = new JobProcess(database)
  let killed = 0
  for (let round = 0; round < kills; round += 1) {
    const before = await preparedNames(database)
    const committed = await ledgerCount(database)
    job.start()
    // Half of the kills between a PREPARE and its commit, half after some commits.
    await eventually(
      'the job to come to where it is killed',
      async () => {
        if (!job.running) return
        if (round % 2 === 0) {
          const names = await preparedNames(database)
          expect(names.some((name) => !before.includes(name))).toBe(true)
        } else {
          expect(await ledgerCount(database)).toBeGreaterThan(committed + round)
        }
      },
      { timeoutMs: 20_000, intervalMs: 1 },
    )
    if (job.running) {
      killed += 1
      await job.kill()
    } else
      expect({ exitCode: await job.ended(), stderr: job.stderr }).toMatchObject({ exitCode: 0 })
  }

  job.start()
  const exitCode = await job.ended()

  expect({ exitCode, stderr: job.stderr }).toMatchObject({ exitCode: 0 })
  expect(killed).toBeGreaterThanOrEqual(kills / 2)
  expect(
    await database.query(`select count(*)::int as rows, count(distinct id)::int as ids,
      min(id) as first, max(id) as last from numbers`),
  ).toEqual([{ rows: recordCount, ids: recordCount, first: 0, last: recordCount - 1 }])
  expect(await preparedNames(database)).toEqual([])
})
