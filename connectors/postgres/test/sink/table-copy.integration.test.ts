import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeliveryGuarantee, defineJob, type JobDefinition, runJob } from '@flinkts/core'
import { silentLogger } from '@flinkts/core/connector'
import type { Sink } from '@flinkts/core/connector'
import { SeededPrng } from '@flinkts/core/testing'
import { eventually, type PostgresDatabase } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { applyChange, type Change, postgresCdc } from '../../src/index.ts'
import { postgresDriver } from '../../src/client.ts'
import { postgresSinkOver } from '../../src/sink/sink.ts'
import { newDatabase } from '../support/source-fixture.ts'
import { Workload, workloadRows, workloadSchema, workloadTables } from '../support/workload.ts'

const emptyTables = `
  create table acct (id int primary key, v int not null, pad text);
  create table person (name text, nr int8, note text, primary key (name, nr));
  create table doc (id uuid primary key, v int not null, body text not null)`

/** A job that keeps a copy of the tables of another database. */
function copyJob(
  from: PostgresDatabase,
  to: PostgresDatabase,
  mode: 'upsert' | 'twoPhase' | 'staged',
): JobDefinition {
  const connectionOf = ({ connection }: PostgresDatabase): object => ({ ...connection })
  const sink = postgresSinkOver<Change>(postgresDriver, {
    mode,
    connection: connectionOf(to),
    table: ({ source }) => source.table,
    tables: workloadTables,
    write: applyChange,
  })
  const source = postgresCdc({ connection: connectionOf(from), tables: workloadTables })
  const { guarantee } = sink
  return defineJob<DeliveryGuarantee>('copy', { guarantee, checkpointIntervalMs: 50 }, (env) => {
    env.source('changes', source).sinkTo('rows', sink as Sink<Change>)
  })
}

async function rowsOf(database: PostgresDatabase, table: string): Promise<readonly string[]> {
  const rows = await database.query<{ row: string }>(workloadRows[table] ?? '')
  return rows.map(({ row }) => row).toSorted()
}

const runs = 4
const transactionsPerRun = 150

test.each(['upsert', 'twoPhase', 'staged'] as const)(
  'tables that are copied by "%s" are as their originals, however often the job ends',
  async (mode) => {
    await using original = await newDatabase(workloadSchema)
    await using copy = await newDatabase(emptyTables)
    const checkpointDirectory = mkdtempSync(join(tmpdir(), 'flinkts-postgres-copy-'))
    try {
      const workload = new Workload({ ...original.connection }, new SeededPrng(5), 2)
      for (let run = 1; run <= runs; run += 1) {
        const job = copyJob(original, copy, mode)
        const handle = await runJob(job, { checkpointDirectory, logger: silentLogger })
        await eventually('more transactions', async () => {
          expect(handle.status).not.toBe('failed')
          expect(workload.transactionCount).toBeGreaterThan(run * transactionsPerRun)
        })
        handle.cancel()
        await handle.ended
      }
      await workload.stop()
      const options = { checkpointDirectory, logger: silentLogger }
      const last = await runJob(copyJob(original, copy, mode), options)

      for (const table of workloadTables) {
        await eventually(`the copy of ${table}`, async () => {
          expect(await rowsOf(copy, table)).toEqual(await rowsOf(original, table))
        })
      }

      last.stop()
      expect(await last.ended).toBe('stopped')
      const held = `select gid from pg_prepared_xacts where database = current_database()`
      expect(await copy.query(held)).toEqual([])
    } finally {
      rmSync(checkpointDirectory, { recursive: true, force: true })
    }
  },
)
