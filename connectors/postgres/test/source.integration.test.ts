import { type PostgresDatabase, sharedPostgres } from '@flinkts/test-services'
import { assert } from '@flinkts/core/connector'
import type { Prng } from '@flinkts/core/testing'
import { SeededPrng } from '@flinkts/core/testing'
import { describe, expect, test } from 'vitest'
import type { EnumeratorState } from '../src/state/enumerator-state.ts'
import type { Change, PostgresCdcOptions } from '../src/index.ts'
import { postgresCdc } from '../src/index.ts'
import type { PostgresSplit } from '../src/split.ts'
import { Replica } from './support/replica.ts'
import { SourceHarness } from './support/source-harness.ts'
import { Workload, workloadRows, workloadSchema, workloadTables } from './support/workload.ts'

type PostgresHarness = SourceHarness<Change, PostgresSplit, EnumeratorState>

const seeds = seedsToRun(4)

describe('a job that is killed at random while the tables change', () => {
  test.for(seeds)('commits every row and change once (seed %i)', async (seed) => {
    const prng = new SeededPrng(seed)
    await using database = await newDatabase(workloadSchema)
    const source = { tables: workloadTables, snapshot: { chunkRows: 150 } }
    const harness = harnessOf(database, prng, source)
    const workload = new Workload(database.connection, prng, 3)

    await harness.start()
    const commits = await killedRun(harness, prng, 40)
    await workload.stop()
    await database.query(`insert into acct values (-1, 0, 'end')`)
    await commitUntil(harness, (change) => change.key?.['id'] === -1)

    expect(commits).toBeGreaterThan(0)
    expect(workload.transactionCount).toBeGreaterThan(0)
    await expectReplica(database, harness.committed)
    await harness.kill()
  })
})

/**
 * Runs, checkpoints, kills and restores in random order. @returns the number of completed
 * checkpoints.
 */
async function killedRun(harness: PostgresHarness, prng: Prng, rounds: number): Promise<number> {
  let commits = 0
  for (let round = 0; round < rounds; round++) {
    const steps = Math.floor(prng.next() * 30)
    for (let step = 0; step < steps; step++) await harness.step()
    const choice = prng.next()
    if (choice < 0.6) {
      const complete = prng.next() < 0.8
      await harness.checkpoint({ complete })
      if (complete) commits++
    } else if (choice < 0.9) {
      await harness.kill()
      const from = harness.checkpoints[Math.floor(prng.next() * harness.checkpoints.length)]
      await harness.start({ parallelism: 1 + Math.floor(prng.next() * 3), from })
    }
  }
  return commits
}

/** Goes on until a record that satisfies the condition is committed. */
async function commitUntil(
  harness: PostgresHarness,
  done: (change: Change) => boolean,
): Promise<void> {
  const endMs = performance.now() + 40_000
  let seen = 0
  for (;;) {
    for (let step = 0; step < 20; step++) await harness.step()
    await harness.checkpoint()
    if (harness.committed.slice(seen).some(done)) return
    seen = harness.committed.length
    assert(performance.now() < endMs, 'the awaited record did not come')
  }
}

async function expectReplica(
  database: PostgresDatabase,
  records: readonly Change[],
): Promise<void> {
  const replica = new Replica(records)
  for (const [table, query] of Object.entries(workloadRows)) {
    const expected = await database.query<{ row: string }>(query)
    const rows = replica.rows(table).map((row) => Object.values(row).map(String).join('|'))
    expect({ table, rows: rows.toSorted() }).toEqual({
      table,
      rows: expected.map(({ row }) => row).toSorted(),
    })
  }
  const places = records
    .filter((record) => record.operation !== 'snapshot' && record.operation !== 'schema')
    .map(({ source }) => `${source.lsn}#${source.position}`)
  expect(new Set(places).size).toBe(places.length)
}

async function newDatabase(schema: string): Promise<PostgresDatabase> {
  const server = await sharedPostgres()
  const database = await server.createDatabase()
  await database.query(schema)
  return database
}

function harnessOf(
  database: PostgresDatabase,
  prng: Prng,
  options: Omit<PostgresCdcOptions, 'connection' | 'slot'>,
): PostgresHarness {
  const { connection } = database
  // Slots are the server's, not the database's.
  const source = postgresCdc({ connection, slot: `s_${connection.database}`, ...options })
  return new SourceHarness(source, { parallelism: 2, prng, retained: 2 })
}

function seedsToRun(count: number): readonly number[] {
  const chosen = process.env['FLINKTS_SEED']
  return chosen === undefined
    ? Array.from({ length: count }, (_, index) => index + 1)
    : [Number(chosen)]
}
