import { fileURLToPath } from 'node:url'
import type { PostgresDatabase } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import type { PostgresClient } from '../../src/client.ts'
import { Connections } from '../support/connections.ts'
import { JobProcess } from '../support/job-process.ts'
import { newDatabase } from '../support/source-fixture.ts'

const recordCount = 30_000
const kills = 8
const script = fileURLToPath(new URL('../jobs/sink-process.ts', import.meta.url))

/** The job of a mode, which writes `recordCount` records. */
function jobOf(mode: 'twoPhase' | 'staged' | 'upsert', database: PostgresDatabase): JobProcess {
  return new JobProcess(script, database, { MODE: mode, RECORDS: `${recordCount}` })
}

/** What is to be seen of the job from outside: names held back, and how many were committed. */
async function progress(
  client: PostgresClient,
): Promise<{ readonly held: readonly string[]; readonly committed: number }> {
  const [tables] = await client.query(
    `select to_regclass('public.flinkts_ledger') as ledger,
       to_regclass('public.flinkts_staging') as staging`,
  )
  const held = await client.query(
    `select gid as name from pg_prepared_xacts where database = current_database()
     ${tables?.['staging'] === null ? '' : stagedQuery}`,
  )
  const rows = tables?.['ledger'] === null ? [] : await client.query(countQuery)
  return {
    held: held.map(({ name }) => name ?? ''),
    committed: Number(rows[0]?.['count'] ?? 0),
  }
}

const stagedQuery = 'union select transaction from public.flinkts_staging'
const countQuery = 'select count(*) from public.flinkts_ledger'

const tableQuery =
  'create table numbers (id int primary key, version int not null, name text not null)'

test.each(['twoPhase', 'staged'] as const)(
  'a job of mode "%s" that is killed again and again writes every row exactly once',
  async (mode) => {
    await using database = await newDatabase(tableQuery)
    await database.query('alter table numbers drop constraint numbers_pkey')
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    using job = jobOf(mode, database)
    let killed = 0
    for (let round = 0; round < kills; round += 1) {
      const before = await progress(client)
      job.start()
      // Half of the kills between a barrier and its commit, half after some commits.
      const reached = async (): Promise<boolean> => {
        const { held, committed } = await progress(client)
        return round % 2 === 0
          ? held.some((name) => !before.held.includes(name))
          : committed > before.committed + round
      }
      if (await job.killWhen(reached)) killed += 1
    }

    job.start()
    const exitCode = await job.ended()

    expect({ exitCode, killed }).toEqual({ exitCode: 0, killed: kills })
    expect(
      await database.query(`select count(*)::int as rows, count(distinct id)::int as ids,
        min(id) as first, max(id) as last from numbers`),
    ).toEqual([{ rows: recordCount, ids: recordCount, first: 0, last: recordCount - 1 }])
    expect((await progress(client)).held).toEqual([])
  },
)

test('a job of mode "upsert" that is killed leaves the last version of each row', async () => {
  await using database = await newDatabase(tableQuery)
  await using connections = new Connections(database.connection)
  const client = await connections.sql()
  using job = jobOf('upsert', database)
  const written = async (): Promise<number> => {
    const [row] = await client.query(
      'select coalesce(sum(version + 1), 0) as count from public.numbers',
    )
    return Number(row?.['count'])
  }
  let killed = 0
  for (let round = 0; round < kills; round += 1) {
    const before = await written()
    job.start()
    if (await job.killWhen(async () => (await written()) > before + round * 100)) killed += 1
  }

  job.start()
  const exitCode = await job.ended()

  expect({ exitCode, killed }).toEqual({ exitCode: 0, killed: kills })
  expect(
    await database.query(`select count(*)::int as rows, min(version) as version,
      count(*) filter (where id % 5 = 0)::int as deleted from numbers`),
  ).toEqual([{ rows: (recordCount / 3) * 0.8, version: 2, deleted: 0 }])
})
