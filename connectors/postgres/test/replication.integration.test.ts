import { eventually, sharedPostgres, startPostgres } from '@flinkts/test-services'
import { startProxy } from '@flinkts/testkit/proxy'
import type { PostgresQueries } from '@flinkts/test-services'
import { describe, expect, test } from 'vitest'
import { noLsn } from '../src/records/lsn.ts'
import { RecordingHandler } from './protocol/recording-handler.ts'
import { Connections, replicationOptions } from './support/connections.ts'
import { changes, commits, pollUntil } from './support/drain.ts'

/** A table `t` that is published, and the slot `slot`, whose name must be unique on the server. */
async function prepare(database: PostgresQueries): Promise<string> {
  await database.query('create table public.t (id int primary key, name text)')
  await database.query('create publication pub for table public.t')
  return `slot_${database.connection.database}`
}

async function confirmedLsn(database: PostgresQueries, slot: string): Promise<bigint> {
  const [row] = await database.query<{ lsn: string }>(
    `select (confirmed_flush_lsn - '0/0')::text as lsn from pg_replication_slots
     where slot_name = $1`,
    [slot],
  )
  return BigInt(row?.lsn ?? -1)
}

describe('a slot', () => {
  test('is created at the point after which everything is streamed', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const client = await connections.replication()
    await database.query("insert into public.t values (1, 'before')")

    const startLsn = await client.createSlot({ slot })
    await database.query("insert into public.t values (2, 'after')")
    const stream = await client.startReplication(replicationOptions({ slot, startLsn }))

    const handler = await pollUntil(stream, commits(1))
    expect(handler.changes.map((change) => change.after)).toEqual([{ id: 2, name: 'after' }])
    expect(await confirmedLsn(database, slot)).toBe(startLsn)
  })

  test('says what system it belongs to', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.replication()
    const [control] = await database.query<{ id: string }>(
      'select system_identifier::text as id from pg_control_system()',
    )

    const identity = await client.identifySystem()

    expect(identity).toMatchObject({
      systemId: control?.id,
      timeline: 1,
      database: database.connection.database,
    })
    expect(identity.flushLsn).toBeGreaterThan(noLsn)
  })

  test('that is temporary goes with its connection', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.replication()
    const slot = `slot_${database.connection.database}`
    await client.createSlot({ slot, temporary: true })

    await client.close()

    await eventually('the slot to go', async () => {
      expect(await confirmedLsn(database, slot)).toBe(-1n)
    })
  })

  test('that another stream reads is in use', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const client = await connections.replication()
    await client.createSlot({ slot })
    await client.startReplication(replicationOptions({ slot }))

    const other = await connections.replication()
    const started = other.startReplication(replicationOptions({ slot }))

    const code = 'FLINKTS_POSTGRES_SLOT_IN_USE'
    await expect(started).rejects.toMatchObject({ code, retryable: true })
    await expect(started).rejects.toThrow(`active for PID ${client.processId}`)
  })

  test('that does not exist is missing', async () => {
    await using connections = new Connections((await sharedPostgres()).connection)
    const client = await connections.replication()

    const started = client.startReplication(replicationOptions({ slot: 'no_such_slot' }))

    await expect(started).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_OBJECT_MISSING' })
  })

  test('whose WAL was removed is lost; one more than the limit is refused', async () => {
    await using server = await startPostgres({
      settings: {
        max_slot_wal_keep_size: '1MB',
        max_wal_size: '32MB',
        max_replication_slots: '1',
      },
    })
    await using connections = new Connections(server.connection)
    const slot = await prepare(server)
    const client = await connections.replication()
    await client.createSlot({ slot })
    await expect(client.createSlot({ slot: 'second' })).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_LIMIT_REACHED',
      retryable: false,
    })
    for (let count = 0; count < 4; count++)
      await server.query('select pg_switch_wal(), txid_current()')
    await eventually('the slot to be lost', async () => {
      await server.query('checkpoint')
      await server.query('select pg_switch_wal(), txid_current()')
      const [row] = await server.query<{ lost: boolean }>(
        "select wal_status = 'lost' as lost from pg_replication_slots",
      )
      expect(row?.lost).toBe(true)
    })

    const started = client.startReplication(replicationOptions({ slot }))

    await expect(started).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_SLOT_LOST',
      retryable: false,
    })
  })

  test('cannot be had where wal_level is not logical', async () => {
    await using server = await startPostgres({ settings: { wal_level: 'replica' } })
    await using connections = new Connections(server.connection)
    const client = await connections.replication()

    const created = client.createSlot({ slot: 'slot' })

    const code = 'FLINKTS_POSTGRES_WAL_LEVEL'
    await expect(created).rejects.toMatchObject({ code, retryable: false })
    await expect(created).rejects.toThrow('wal_level=replica')
  })
})

describe('a stream', () => {
  test('gives committed changes in order, and nothing of what was rolled back', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const sql = await connections.sql()
    const client = await connections.replication()
    await client.createSlot({ slot })
    const stream = await client.startReplication(replicationOptions({ slot, messages: true }))

    await sql.query(`begin; insert into public.t values (1, 'one'); savepoint s;
      insert into public.t values (9, 'gone'); rollback to s;
      update public.t set name = 'eins'; commit`)
    await sql.query(`begin; insert into public.t values (8, 'gone'); rollback`)
    await sql.query(`begin; update public.t set id = 2; delete from public.t;
      select pg_logical_emit_message(true, 'tag', 'text'); commit`)
    await sql.query('truncate public.t')

    const handler = await pollUntil(stream, commits(3))
    const seen = handler.changes.map(({ operation, before, after, key }) => [
      operation,
      before,
      after,
      key,
    ])
    expect(seen).toEqual([
      ['insert', undefined, { id: 1, name: 'one' }, { id: 1 }],
      ['update', undefined, { id: 1, name: 'eins' }, { id: 1 }],
      ['update', { id: 1 }, { id: 2, name: 'eins' }, { id: 2 }],
      ['delete', { id: 2 }, undefined, { id: 2 }],
      ['truncate', undefined, undefined, undefined],
    ])
    expect(handler.changes.map((change) => change.source.position)).toEqual([0, 1, 0, 1, 0])
    expect(handler.messages.map((message) => message.prefix)).toEqual(['tag'])
  })

  test('acknowledges exactly the end of a commit, and goes on after it', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const sql = await connections.sql()
    const client = await connections.replication()
    await client.createSlot({ slot })
    const stream = await client.startReplication(replicationOptions({ slot }))
    for (let id = 0; id < 20; id++) await sql.query(`insert into public.t values (${id}, '')`)
    const ends: bigint[] = []
    const handler = new RecordingHandler()
    handler.commit = (_transaction, endLsn): void => {
      ends.push(endLsn)
    }
    await pollUntil(stream, () => ends.length === 20, handler)
    const acknowledged = ends[9] ?? 0n

    stream.acknowledge(acknowledged)
    await eventually('the position to be confirmed', async () => {
      expect(await confirmedLsn(database, slot)).toBe(acknowledged)
    })
    await stream.close()

    const next = await connections.replication()
    const again = await next.startReplication(replicationOptions({ slot, startLsn: acknowledged }))
    const rest = await pollUntil(again, commits(10))
    expect(rest.changes.map((change) => change.after?.['id'])).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ])
  })

  test('confirms nothing by itself', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const client = await connections.replication()
    const startLsn = await client.createSlot({ slot })
    const stream = await client.startReplication(
      replicationOptions({ slot, startLsn, statusIntervalMs: 10 }),
    )
    await database.query("insert into public.t values (1, 'one')")

    await pollUntil(
      stream,
      ({ calls }) => calls.filter((call) => /progress/.test(call)).length > 20,
    )

    expect(await confirmedLsn(database, slot)).toBe(startLsn)
  })

  test('reports progress where only other tables change', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    await database.query('create table public.other (id int)')
    const client = await connections.replication()
    const startLsn = await client.createSlot({ slot })
    const stream = await client.startReplication(
      replicationOptions({ slot, startLsn, statusIntervalMs: 20 }),
    )
    await database.query('insert into public.other values (1)')
    let progress = 0n
    const handler = new RecordingHandler()
    handler.progress = (lsn): void => {
      progress = lsn
    }

    await pollUntil(stream, () => progress > startLsn, handler)

    stream.acknowledge(progress)
    await eventually('the slot to advance', async () => {
      expect(await confirmedLsn(database, slot)).toBe(progress)
    })
  })

  test('shows columns that are added and types that are made while it runs', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const sql = await connections.sql()
    const client = await connections.replication()
    await client.createSlot({ slot })
    const stream = await client.startReplication(replicationOptions({ slot }))

    await sql.query("insert into public.t values (1, 'one')")
    await sql.query(`create type public.mood as enum ('sad', 'ok')`)
    await sql.query('alter table public.t add column moods public.mood[]')
    await sql.query("insert into public.t values (2, 'two', '{ok,sad}')")

    const handler = await pollUntil(stream, commits(2))
    expect(handler.changes.map((change) => change.after)).toEqual([
      { id: 1, name: 'one' },
      { id: 2, name: 'two', moods: ['ok', 'sad'] },
    ])
    expect(handler.relations[1]?.columns.map((column) => column.name)).toEqual([
      'id',
      'name',
      'moods',
    ])
  })

  test('names large values that an update left alone', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    await database.query('alter table public.t alter name set storage external')
    await database.query('alter table public.t add column count int')
    const client = await connections.replication()
    await client.createSlot({ slot })
    await database.query("insert into public.t values (1, repeat('x', 9000), 1)")
    await database.query('update public.t set count = 2')
    const stream = await client.startReplication(replicationOptions({ slot }))

    const handler = await pollUntil(stream, commits(2))

    expect(handler.changes[1]).toMatchObject({ after: { id: 1, count: 2 }, unchanged: ['name'] })
  })

  test('refuses a row above the limit, and names its table', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const client = await connections.replication()
    await client.createSlot({ slot })
    await database.query("insert into public.t values (1, 'short'), (2, repeat('x', 200000))")
    const stream = await client.startReplication(
      replicationOptions({ slot, messageBytesMax: 100_000 }),
    )
    const handler = new RecordingHandler()

    const polled = pollUntil(stream, commits(1), handler)

    const code = 'FLINKTS_POSTGRES_MESSAGE_TOO_LARGE'
    await expect(polled).rejects.toMatchObject({ code, retryable: false })
    await expect(polled).rejects.toThrow('"public.t"')
    expect(handler.changes).toHaveLength(1)
  })
})

describe('a connection that is disturbed', () => {
  test('stays alive while nobody polls for longer than wal_sender_timeout', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const slot = await prepare(database)
    const { database: name } = database.connection
    await database.query(`alter database "${name}" set wal_sender_timeout = '1s'`)
    const client = await connections.replication()
    await client.createSlot({ slot })
    const options = { slot, bufferBytesMax: 50_000, statusIntervalMs: 10_000 }
    const stream = await client.startReplication(replicationOptions(options))
    await database.query(
      "insert into public.t select g, repeat('x', 1000) from generate_series(1, 20000) g",
    )
    await stream.available()
    const [{ started } = { started: '' }] = await database.query<{ started: string }>(
      'select now()::text as started',
    )

    await eventually('twice the timeout to pass', async () => {
      const [row] = await database.query<{ late: boolean }>(
        "select now() > $1::timestamptz + interval '2 s' as late",
        [started],
      )
      expect(row?.late).toBe(true)
    })

    const handler = await pollUntil(stream, commits(1))
    expect(handler.changes).toHaveLength(20_000)
  })

  test('is given up when the network is silent', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using proxy = await startProxy(database.connection)
    await using connections = new Connections(proxy.connection)
    const slot = await prepare(database)
    const client = await connections.replication()
    await client.createSlot({ slot })
    const stream = await client.startReplication(
      replicationOptions({ slot, receiveTimeoutMs: 300 }),
    )
    await pollUntil(stream, ({ calls }) => calls.length > 0)

    proxy.cut()

    await expect(pollUntil(stream, commits(1))).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_STREAM_SILENT',
      retryable: true,
    })
  })

  test.each(['reset', 'terminate'])('may be opened again after a %s', async (fault) => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using proxy = await startProxy(database.connection)
    await using connections = new Connections(proxy.connection)
    const slot = await prepare(database)
    const client = await connections.replication()
    await client.createSlot({ slot })
    const stream = await client.startReplication(replicationOptions({ slot }))
    await database.query("insert into public.t values (1, 'one')")
    const handler = await pollUntil(stream, commits(1))

    if (fault === 'reset') proxy.reset()
    else await database.query('select pg_terminate_backend($1)', [client.processId])

    const broken = await pollUntil(stream, changes(2), handler).catch((error: unknown) => error)
    expect(broken).toMatchObject({ code: 'FLINKTS_POSTGRES_CONNECTION_FAILED', retryable: true })
    const next = await connections.replication()
    const again = await eventually('the slot to be free', () =>
      next.startReplication(replicationOptions({ slot })),
    )
    const rest = await pollUntil(again, commits(1))
    expect(rest.changes.map((change) => change.after)).toEqual([{ id: 1, name: 'one' }])
  })
})
