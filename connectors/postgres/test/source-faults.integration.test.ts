import { assert, FlinktsError } from '@flinkts/core/connector'
import type { ErrorCode } from '@flinkts/core/connector'
import { eventually, startPostgres } from '@flinkts/test-services'
import { startProxy } from '@flinkts/testkit/proxy'
import type { PostgresQueries, PostgresServer } from '@flinkts/test-services'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import type { Change } from '../src/index.ts'
import { Replica } from './support/replica.ts'
import type { PostgresHarness, SourceOptions } from './support/source-fixture.ts'
import {
  commitUntil,
  harnessOf,
  newDatabase,
  slotOf,
  sourceOf,
  streaming,
} from './support/source-fixture.ts'

const table = 'create table t (id int primary key, v int not null)'
const filled = `${table}; insert into t select g, 0 from generate_series(1, 5000) g`
const stream = {
  receiveTimeoutMs: 1_500,
  slotWaitMs: 500,
  statusIntervalMs: 200,
  lagIntervalMs: 200,
}
const quick: SourceOptions = {
  tables: ['public.t'],
  snapshot: { chunkRows: 500 },
  stream,
  retry: { delayMs: 50, delayMsMax: 200, attemptsMax: 100 },
}

describe('a server', () => {
  test('that is killed and started again, in snapshot and stream, costs nothing', async () => {
    await using server = await startPostgres()
    await using database = await server.createDatabase()
    await database.query(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await harness.runUntil(() => harness.uncommittedCount > 700)

    await breakServer(harness, server)
    await streaming(harness)
    await database.query('update t set v = v + 1 where id <= 3000')
    await harness.runUntil(() => harness.uncommittedCount > 700)
    await breakServer(harness, server)
    await database.query('update t set v = v + 1 where id <= 100')
    await endAndCompare(harness, database)

    expect(harness.logged('lost the read of chunk')).toBeGreaterThan(0)
    expect(harness.logged('lost the stream')).toBeGreaterThan(0)
  })

  test('that freezes for longer than the receive timeout costs nothing', async () => {
    await using server = await startPostgres()
    await using database = await server.createDatabase()
    await database.query(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)
    await database.query('update t set v = v + 1')
    await harness.runUntil(() => harness.uncommittedCount > 700)

    await server.pause()
    await harness.runUntil(() => harness.logged('lost the stream') > 0)
    await server.unpause()
    await endAndCompare(harness, database)

    const reasons = harness.logger.lines.filter(({ message }) =>
      message.includes('lost the stream'),
    )
    expect(reasons.length).toBeLessThan(20)
  })

  test('that does not come back fails the job after the attempts', async () => {
    await using server = await startPostgres()
    const database = await server.createDatabase()
    await database.query(filled)
    await using harness = harnessOf(database, { ...quick, retry: { delayMs: 10, attemptsMax: 3 } })
    await harness.start()
    await streaming(harness)

    await server.kill()

    await expectFails(harness, 'FLINKTS_POSTGRES_CONNECTION_FAILED')
    expect(harness.logged('lost the stream')).toBe(3)
  })

  test('that is another one than the checkpoint knows is refused', async () => {
    await using server = await startPostgres()
    await using other = await startPostgres()
    await using database = await server.createDatabase('orders')
    await using twin = await other.createDatabase('orders')
    await database.query(filled)
    await twin.query(filled)
    await using proxy = await startProxy(database.connection)
    await using toTwin = await startProxy(twin.connection)
    const harness = harnessOf(database, { ...quick, connection: proxy.connection })
    await harness.start()
    await streaming(harness)
    await harness.kill()
    const source = sourceOf(twin, { ...quick, connection: toTwin.connection })

    const restart = harness.start({ source })

    await expect(restart).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_SYSTEM_MISMATCH' })
    await harness.kill()
  })
})

describe('a slot', () => {
  test('that another process reads is waited for, then named with its process', async () => {
    await using database = await newDatabase(filled)
    await using harness = harnessOf(database, quick)
    await using rival = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)

    await rival.start({ from: harness.checkpoints.at(-1) })

    await expectFails(rival, 'FLINKTS_POSTGRES_SLOT_IN_USE', /process \d+ of the server/)
  })

  test('that another process gives up in time is taken over', async () => {
    await using database = await newDatabase(filled)
    await using first = harnessOf(database, quick)
    await first.start()
    await streaming(first)
    await using second = harnessOf(database, {
      ...quick,
      stream: { ...stream, slotWaitMs: 20_000 },
    })

    await second.start({ from: first.checkpoints.at(-1) })
    for (let step = 0; step < 20; step++) await second.step()
    await first.kill()
    await database.query('insert into t values (-1, 0)')
    await commitUntil(second, isEnd)

    expect(second.committed.slice(5000).map((change) => change.key)).toEqual([{ id: -1 }])
  })

  test('that lost its WAL fails the job, in the snapshot and in the stream', async () => {
    const settings = { max_slot_wal_keep_size: '1MB', min_wal_size: '32MB', max_wal_size: '32MB' }
    await using server = await startPostgres({ settings: { ...settings, fsync: 'off' } })
    await using database = await server.createDatabase()
    await database.query(filled)
    await using reading = harnessOf(database, quick)
    await using streamed = harnessOf(database, { ...quick, publication: 'p2', slot: 'slot2' })
    await streamed.start()
    await streaming(streamed)
    await streamed.kill()
    await reading.start()
    await reading.runUntil(() => reading.uncommittedCount > 100)

    await loseSlots(database)

    await expectFails(reading, 'FLINKTS_POSTGRES_SLOT_LOST')
    await expect(streamed.start()).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_SLOT_LOST' })
  })

  test('that was dropped is missed', async () => {
    await using database = await newDatabase(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)
    await harness.kill()

    await dropSlot(database)

    await expect(harness.start()).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_SLOT_LOST' })
  })

  test('that was made anew is ahead of the checkpoint', async () => {
    await using database = await newDatabase(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)
    await harness.kill()
    await dropSlot(database)
    await database.query('update t set v = 1')
    const create = `select pg_create_logical_replication_slot('${slotOf(database)}', 'pgoutput')`
    await database.query(create)

    await harness.start()

    await expectFails(harness, 'FLINKTS_POSTGRES_SLOT_AHEAD', /changes in between are gone/)
  })

  test('keeps what the oldest retained checkpoint needs, and lets go of the rest', async () => {
    await using database = await newDatabase(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)
    const before = await confirmedLsn(database)
    await database.query('update t set v = 1')
    await harness.runUntil(() => harness.uncommittedCount === 5000)
    await harness.checkpoint()
    await harness.runUntil(() => harness.uncommittedCount === 0)
    const kept = await confirmedLsn(database)

    await harness.checkpoint()
    await harness.checkpoint()
    await eventually('the slot to move', async () => {
      await harness.step()
      assert((await confirmedLsn(database)) > before, 'it stands')
    })

    expect(kept).toBe(before)
    await harness.kill()
    await harness.start({ from: harness.checkpoints[0] })
    await endAndCompare(harness, database)
  })
})

describe('a stream without changes', () => {
  test('lets the slot go on where only other tables change, and tells its lag', async () => {
    await using database = await newDatabase(`${filled}; create table other (id int)`)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)
    const before = await confirmedLsn(database)

    await database.query('insert into other values (1)')
    await eventually('the slot to move', async () => {
      for (let step = 0; step < 5; step++) await harness.step()
      await harness.checkpoint()
      assert((await confirmedLsn(database)) > before, 'it stands')
    })

    expect(harness.committed).toHaveLength(5000)
    await harness.runUntil(() => (harness.gauges.get('retainedBytes')?.() ?? 0) > 0)
    expect(harness.gauges.get('lagBytes')?.()).toBeGreaterThanOrEqual(0)
  })

  test('writes a heartbeat if it is told to', async () => {
    await using database = await newDatabase(filled)
    const witness = `w_${database.connection.database}`
    await database.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [
      witness,
    ])
    await using harness = harnessOf(database, {
      ...quick,
      stream: { ...stream, heartbeatIntervalMs: 100 },
    })
    await harness.start()
    await streaming(harness)

    await eventually('two heartbeats', async () => {
      await harness.step()
      const seen = await database.query(
        `select from pg_logical_slot_peek_changes($1, null, null) where data like '%flinkts%'`,
        [witness],
      )
      assert(seen.length >= 2, 'too few')
    })

    await harness.checkpoint()
    expect(harness.committed).toHaveLength(5000)
  })
})

describe('a job', () => {
  test('that reads something else than its checkpoint does not start', async () => {
    await using database = await newDatabase(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await harness.checkpoint()
    await harness.runUntil(() => harness.uncommittedCount > 100)
    await harness.checkpoint()
    await harness.kill()
    const source = sourceOf(database, { ...quick, snapshot: 'never' })

    const restart = harness.start({ source })

    await expect(restart).rejects.toMatchObject({ code: 'FLINKTS_STATE_INCOMPATIBLE' })
  })

  test('whose tables changed since the checkpoint does not start', async () => {
    await using database = await newDatabase(`${filled}; create table u (id int primary key)`)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)
    await harness.kill()
    const source = sourceOf(database, { ...quick, tables: ['public.t', 'public.u'] })

    const restart = harness.start({ source })

    await expect(restart).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_TABLES_CHANGED' })
  })

  test('waits for transactions open at its start, and names them in the end', async () => {
    await using database = await newDatabase(filled)
    await using open = await openTransaction(database, 'update t set v = 7 where id = 1')
    const snapshot = { openTransactionTimeoutMs: 300 }
    await using patient = harnessOf(database, quick)
    await patient.start()
    for (let step = 0; step < 50; step++) await patient.step()
    const waiting = patient.uncommittedCount

    await open.client.query('commit')
    await streaming(patient)
    await patient.kill()
    await open.client.query('begin; update t set v = 8 where id = 2')
    await using hasty = harnessOf(database, { ...quick, snapshot })
    await hasty.start()

    expect(waiting).toBe(0)
    await expectFails(hasty, 'FLINKTS_POSTGRES_TRANSACTION_OPEN', /process \d+/)
  })

  test('is told that the key of a table was changed', async () => {
    await using database = await newDatabase(filled)
    await using harness = harnessOf(database, quick)
    await harness.start()
    await streaming(harness)

    await database.query('update t set v = id')
    await database.query('alter table t drop constraint t_pkey, add primary key (v)')
    await database.query('update t set v = -1 where id = 1')

    await expectFails(harness, 'FLINKTS_POSTGRES_KEY_CHANGED')
  })

  test('is told if Postgres leaves out a value that nobody has', async () => {
    await using database = await newDatabase(`
      create table t (id int primary key, body text);
      alter table t alter body set storage external;
      insert into t select g, repeat('x', 5000) from generate_series(1, 100) g`)
    await using harness = harnessOf(database, { ...quick, snapshot: { chunkRows: 10 } })
    await harness.start()
    await harness.runUntil(() => harness.logged('read a chunk') === 2)

    // The new key lies in what was read before, the old one in what is read after.
    await database.query('update t set id = -1 where id = 95')

    await expectFails(harness, 'FLINKTS_POSTGRES_VALUE_MISSING')
  })
})

/** Kills the server, starts it again, and lets the job run meanwhile. */
async function breakServer(harness: PostgresHarness, server: PostgresServer): Promise<void> {
  let back = false
  await server.kill()
  const started = server.start().then(() => (back = true))
  await harness.runUntil(() => back)
  await started
}

async function endAndCompare(harness: PostgresHarness, database: PostgresQueries): Promise<void> {
  await database.query('insert into t values (-1, 0)')
  await commitUntil(harness, isEnd)
  const rows = await database.query('select id, v from t order by id')
  const replica = new Replica(harness.committed).rows('public.t')
  expect(replica.toSorted((a, b) => Number(a['id']) - Number(b['id']))).toEqual(rows)
}

/** Runs and checkpoints until the job fails. */
async function expectFails(
  harness: PostgresHarness,
  code: ErrorCode,
  message: RegExp = /./,
): Promise<void> {
  const run = async (): Promise<void> => {
    const endMs = performance.now() + 30_000
    while (performance.now() < endMs) {
      for (let step = 0; step < 10; step++) await harness.step()
      await harness.checkpoint()
    }
  }
  const failure: unknown = await run().catch((cause: unknown) => cause)
  assert(failure instanceof FlinktsError, 'the job did not fail with a coded error')
  expect(failure.code).toBe(code)
  expect(failure.message).toMatch(message)
}

async function openTransaction(
  database: PostgresQueries,
  statement: string,
): Promise<{ readonly client: Client } & AsyncDisposable> {
  const client = new Client(database.connection)
  client.on('error', () => {})
  await client.connect()
  await client.query(`begin; ${statement}`)
  return { client, [Symbol.asyncDispose]: () => client.end() }
}

/** Writes and recycles so much WAL that the slots are lost. */
async function loseSlots(database: PostgresQueries): Promise<void> {
  await eventually('the slots to be lost', async () => {
    await database.query(`select pg_logical_emit_message(false, 'x', repeat('x', 8000000))`)
    await database.query('select pg_switch_wal()')
    await database.query('checkpoint')
    const rows = await database.query(
      `select from pg_replication_slots where wal_status <> 'lost' and not active`,
    )
    assert(rows.length === 0, 'some are left')
  })
}

async function dropSlot(database: PostgresQueries): Promise<void> {
  await eventually('the slot to be free', async () => {
    const rows = await database.query(
      `select from pg_replication_slots where slot_name = $1 and not active`,
      [slotOf(database)],
    )
    assert(rows.length === 1, 'it is in use')
  })
  await database.query('select pg_drop_replication_slot($1)', [slotOf(database)])
}

async function confirmedLsn(database: PostgresQueries): Promise<bigint> {
  const [row] = await database.query<{ lsn: string }>(
    `select (confirmed_flush_lsn - '0/0')::text as lsn from pg_replication_slots
     where slot_name = $1`,
    [slotOf(database)],
  )
  return BigInt(row?.lsn ?? -1)
}

function isEnd(change: Change): boolean {
  return change.key?.['id'] === -1
}
