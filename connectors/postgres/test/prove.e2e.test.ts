import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { PostgresDatabase } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { newDatabase } from './support/source-fixture.ts'

const flinkts = fileURLToPath(new URL('../../../packages/cli/bin/flinkts.js', import.meta.url))
const job = fileURLToPath(new URL('jobs/proved.job.ts', import.meta.url))

const tables = `
  create table items (id int primary key, name text not null);
  insert into items select n, 'item ' || n from generate_series(1, 120) n;
  create table copies (place bigserial, id int primary key, name text not null,
    written timestamptz not null default clock_timestamp(), kind text default 'plain');
  create table loose (id int, name text)`

interface Proof {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(
  { connection }: PostgresDatabase,
  mode: string,
  ...args: readonly string[]
): ChildProcessByStdio<null, Readable, Readable> {
  const { user, password, host, port, database } = connection
  return spawn(process.execPath, [flinkts, 'prove', job, ...args], {
    env: {
      PATH: process.env['PATH'],
      MODE: mode,
      DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${database}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function prove(...started: Parameters<typeof start>): Promise<Proof> {
  const child = start(...started)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text))
  await once(child, 'close')
  return { exitCode: child.exitCode, stdout, stderr }
}

/** What a proof must not leave: schemas, slots, publications, prepared transactions, numbers. */
async function traces(database: PostgresDatabase): Promise<object | undefined> {
  const [row] = await database.query(
    `select (select count(*)::int from pg_namespace where nspname like 'flinkts%') as schemas,
       (select count(*)::int from pg_replication_slots
          where database = current_database()) as slots,
       (select count(*)::int from pg_publication) as publications,
       (select count(*)::int from pg_prepared_xacts
          where database = current_database()) as prepared,
       (select count(*)::int from pg_class where relname like 'flinkts%') as own,
       (select count(*)::int from copies) + (select count(*)::int from loose) as rows,
       (select last_value::int from copies_place_seq) as drawn`,
  )
  return row
}

const none = { schemas: 0, slots: 0, publications: 0, prepared: 0, own: 0, rows: 0, drawn: 1 }

test('a job between tables is proved at every point of its sink, and leaves no trace', {
  timeout: 240_000,
}, async () => {
  await using database = await newDatabase(tables)

  const points = 'K1,K2,K3,K4,K5,K6,K7,K8,K9,K10,K11,K12,S2'
  const { exitCode, stdout, stderr } = await prove(database, 'twoPhase', '--points', points)

  expect(stderr).toBe('')
  expect(stdout).toContain('undisturbed, twice: the same, 120 records in "copies"\n')
  expect(stdout).toContain(
    'not compared in "copies": "place", "written" of public.copies: their defaults differ',
  )
  expect(stdout).toContain('Proved: what is committed is the same after 13 crashes.\n')
  expect(exitCode).toBe(0)
  expect(await traces(database)).toEqual(none)
})

test.each([
  ['staged', 'K5,K11', '2 crashes'],
  ['upsert', 'K3,S5', '2 crashes'],
  ['append', 'K12', '1 crash'],
])('so is one of the mode %s', async (mode, points, crashes) => {
  await using database = await newDatabase(tables)

  const { exitCode, stdout } = await prove(database, mode, '--points', points)

  expect(stdout).toContain(`Proved: what is committed is the same after ${crashes}.\n`)
  expect(exitCode).toBe(0)
  expect(await traces(database)).toEqual(none)
})

test('nothing is left of a proof that is interrupted', async () => {
  await using database = await newDatabase(tables)
  const child = start(database, 'twoPhase')
  const ended = once(child, 'close')
  await expect
    .poll(() => traces(database), { timeout: 30_000 })
    .toMatchObject({ schemas: 1, own: 2 })

  child.kill('SIGINT')
  await ended

  expect(child.exitCode).toBe(130)
  expect(await traces(database)).toEqual(none)
})

test('a sink whose tables are not known cannot be proved, and says what to name', async () => {
  await using database = await newDatabase(tables)

  const { exitCode, stderr } = await prove(database, 'unknown-tables')

  expect(exitCode).toBe(2)
  expect(stderr).toContain('FLINKTS_PROVE_UNSUPPORTED: the tables of the sink are not known\n')
  expect(stderr).toContain('option "tables"')
})
