import { startProxy } from '@flinkts/testkit/proxy'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  eventually,
  type PostgresServer,
  postgresDefaults,
  sharedPostgres,
  startPostgres,
} from '../index.ts'

describe('a shared Postgres', () => {
  test('is the same for every caller and separates tests by database', async () => {
    const [one, other] = await Promise.all([sharedPostgres(), sharedPostgres()])
    await using database = await one.createDatabase()
    await using neighbour = await other.createDatabase()

    await database.query('create table t (id int)')

    expect(one.connection).toEqual(other.connection)
    expect(neighbour.connection.database).not.toBe(database.connection.database)
    await expect(neighbour.query('select from t')).rejects.toThrow('"t" does not exist')
  })

  test('drops a database with its connections, slots and prepared transactions', async () => {
    const server = await sharedPostgres()
    const database = await server.createDatabase()
    const name = database.connection.database
    const client = new Client(database.connection)
    const ended = new Promise((resolve) => client.on('error', resolve))
    await client.connect()
    await client.query('create table t (id int)')
    await client.query('select pg_create_logical_replication_slot($1, $2)', [name, 'pgoutput'])
    await client.query('begin; insert into t values (1)')
    await client.query(`prepare transaction '${name}'`)

    await database.drop()

    await ended
    const count = 'select count(*)::int as count from'
    expect(await server.query(`${count} pg_database where datname = $1`, [name])).toEqual([
      { count: 0 },
    ])
    expect(
      await server.query(`${count} pg_replication_slots where slot_name = $1`, [name]),
    ).toEqual([{ count: 0 }])
    expect(await server.query(`${count} pg_prepared_xacts where gid = $1`, [name])).toEqual([
      { count: 0 },
    ])
  })
})

describe('a Postgres of one’s own', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres({ settings: { work_mem: '5MB' } })
  })
  afterAll(() => server.stop())

  test('has the default settings and those asked for', async () => {
    const expected = { ...postgresDefaults, work_mem: '5MB', fsync: 'on' }

    const rows = await server.query<{ name: string; value: string }>(
      'select name, current_setting(name) as value from pg_settings where name = any ($1)',
      [Object.keys(expected)],
    )

    expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual(expected)
  })

  test('keeps its address, rows and slots over kill and start', async () => {
    await using database = await server.createDatabase()
    await database.query('create table t (id int)')
    await database.query("select pg_create_logical_replication_slot('kept', 'test_decoding')")
    await database.query('insert into t values (1)')

    await server.kill()
    await expect(database.query('select 1')).rejects.toThrow(/ECONNREFUSED|terminated|ECONNRESET/)
    await server.start()

    expect(await database.query('select id from t')).toEqual([{ id: 1 }])
    const changes = await database.query<{ data: string }>(
      "select data from pg_logical_slot_get_changes('kept', null, null) where data like '%INSERT%'",
    )
    expect(changes).toHaveLength(1)
    expect(await server.logs()).toContain('automatic recovery in progress')
  })

  test('shuts down in good order and comes back at a restart', async () => {
    await using database = await server.createDatabase()
    await database.query('create table t (id int)')

    await server.restart()

    expect(await database.query('select id from t')).toEqual([])
    expect(await server.logs()).toContain('database system is shut down')
  })

  test('answers nothing while it is paused, and continues where it was', async () => {
    const client = new Client(server.connection)
    await client.connect()
    await server.pause()
    let answered = false

    const answer = client.query<{ one: number }>('select 1 as one').then(({ rows }) => {
      answered = true
      return rows
    })
    const knock = new Client({ ...server.connection, connectionTimeoutMillis: 300 })
    await expect(knock.connect()).rejects.toThrow('timeout')

    expect(answered).toBe(false)
    await server.unpause()
    expect(await answer).toEqual([{ one: 1 }])
    await client.end()
  })
})

test('a Postgres that cannot start says so at once, with its log', async () => {
  const start = startPostgres({ settings: { max_wal_senders: 'many' } })

  await expect(start).rejects.toThrow(/ended while it was starting[^]*"max_wal_senders": "many"/)
})

test('a paused Postgres can be stopped, twice', async () => {
  const server = await startPostgres({ settings: { fsync: 'off' } })
  await server.pause()

  await server.stop()
  await server.stop()

  await expect(server.logs()).rejects.toThrow('No such container')
})

describe('a proxy before Postgres', () => {
  test('lets a commit arrive whose answer is lost', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using proxy = await startProxy(database.connection)
    await database.query('create table t (id int)')
    const client = new Client(proxy.connection)
    client.on('error', () => undefined)
    await client.connect()
    await client.query('begin')
    await client.query('insert into t values (1)')

    proxy.cut('to-client')
    const commit = client.query('commit').then(
      () => 'answered',
      () => 'failed',
    )
    await eventually('the commit to arrive', async () => {
      expect(await database.query('select id from t')).toEqual([{ id: 1 }])
    })
    proxy.reset()

    expect(await commit).toBe('failed')
  })

  test('leaves a session open on the server when its client dies unnoticed', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using proxy = await startProxy(database.connection)
    const name = database.connection.database
    const client = new Client(proxy.connection)
    const died = new Promise((resolve) => client.on('error', resolve))
    await client.connect()
    await client.query('select pg_advisory_lock(7)')

    proxy.halfOpen('client')
    await died

    const sessions = await database.query(
      `select from pg_locks join pg_database on pg_database.oid = pg_locks.database
        where locktype = 'advisory' and datname = $1`,
      [name],
    )
    expect(sessions).toHaveLength(1)
  })
})
