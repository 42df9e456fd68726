import { assert } from '@flinkts/core/connector'
import type { SourceSplit } from '@flinkts/core/connector'
import type { Prng } from '@flinkts/core/testing'
import { SeededPrng } from '@flinkts/core/testing'
import { type PostgresDatabase, type PostgresQueries, sharedPostgres } from '@flinkts/test-services'
import { expect } from 'vitest'
import type { Change, ConnectionOptions, PostgresCdcOptions } from '../../src/index.ts'
import { postgresCdc } from '../../src/index.ts'
import { Replica } from './replica.ts'
import { SourceHarness } from './source-harness.ts'
import { workloadRows } from './workload.ts'

/** What is tested. */
export type PostgresSource = ReturnType<typeof postgresCdc>

/** A job of a Postgres source. */
export type PostgresHarness = SourceHarness<Change, SourceSplit, unknown>

/**
 * Runs, checkpoints, kills and restores in random order. @returns the number of completed
 * checkpoints.
 */
export async function killedRun(
  harness: PostgresHarness,
  prng: Prng,
  rounds: number,
): Promise<number> {
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
export async function commitUntil(
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

/** Lets the job come to where it streams. */
export async function streaming(harness: PostgresHarness): Promise<void> {
  while (harness.logged('streams changes') === 0) {
    for (let step = 0; step < 10; step++) await harness.step()
    await harness.checkpoint()
  }
}

/** Replays records strictly and compares what comes out with the tables of the workload. */
export async function expectReplica(
  database: PostgresQueries,
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

/** A database on the shared server, with tables. */
export async function newDatabase(schema: string): Promise<PostgresDatabase> {
  const server = await sharedPostgres()
  const database = await server.createDatabase()
  await database.query(schema)
  return database
}

/** Options of a source in tests; the connection is that of the database. */
export type SourceOptions = Omit<PostgresCdcOptions, 'connection'> & {
  readonly connection?: ConnectionOptions
}

/**
 * A source of the database, with a slot of its own (slots are the server's, not the database's).
 */
export function sourceOf(database: PostgresQueries, options: SourceOptions): PostgresSource {
  const connection = { ...database.connection, ...options.connection }
  return postgresCdc({ slot: slotOf(database), ...options, connection })
}

/** The slot of the source of a database. */
export function slotOf(database: PostgresQueries): string {
  return `s_${database.connection.database}`
}

/** A job that reads from the database; `await using` ends it. */
export function harnessOf(
  database: PostgresQueries,
  options: SourceOptions,
  prng: Prng = new SeededPrng(1),
): PostgresHarness {
  return new SourceHarness(sourceOf(database, options), { parallelism: 2, prng, retained: 2 })
}

/** The seeds of a test; FLINKTS_SEED chooses one. */
export function seedsToRun(count: number): readonly number[] {
  const chosen = process.env['FLINKTS_SEED']
  return chosen === undefined
    ? Array.from({ length: count }, (_, index) => index + 1)
    : [Number(chosen)]
}
