import { inspect } from 'node:util'
import { eventually, sharedPostgres } from '@flinkts/test-services'
import { startProxy } from '@flinkts/testkit/proxy'
import { messageOf } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import type { Row } from '../src/records/change.ts'
import { allRows } from './support/drain.ts'
import { Connections, describeTable } from './support/connections.ts'

describe('connecting', () => {
  test('tells what the server is', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)

    const client = await connections.sql()

    expect(client.serverVersion).toBeGreaterThanOrEqual(130_000)
    const [row] = await client.query('select pg_backend_pid() as pid, current_database() as db')
    expect(row).toEqual({ pid: String(client.processId), db: database.connection.database })
  })

  test('fails for good with a wrong password, and does not show it', async () => {
    const { connection } = await sharedPostgres()
    await using connections = new Connections(connection)

    const error = await failure(connections.sql({ password: 'hunter2' }))

    expect(error).toMatchObject({
      code: 'FLINKTS_POSTGRES_AUTHENTICATION_FAILED',
      retryable: false,
    })
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
  })

  test('fails for good without a password', async () => {
    const { connection } = await sharedPostgres()
    await using connections = new Connections({ ...connection, password: '' })

    const error = await failure(connections.sql())

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_AUTHENTICATION_FAILED' })
  })

  test('asks a password function, and passes on its failure', async () => {
    const { connection } = await sharedPostgres()
    await using connections = new Connections(connection)

    await connections.sql({ password: () => Promise.resolve(connection.password) })
    const rejected = connections.sql({ password: () => Promise.reject(new Error('no token')) })

    expect(await failure(rejected)).toMatchObject({ cause: { message: 'no token' } })
  })

  test('fails for good when the database is missing', async () => {
    const { connection } = await sharedPostgres()
    await using connections = new Connections({ ...connection, database: 'nowhere' })

    const error = await failure(connections.sql())

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_OBJECT_MISSING', retryable: false })
  })

  test('fails for good when TLS is demanded of a server without it', async () => {
    const { connection } = await sharedPostgres()
    await using connections = new Connections(connection)

    const error = await failure(connections.sql({ ssl: true }))

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_TLS_FAILED', retryable: false })
  })

  test('may be tried again when nobody listens', async () => {
    const { connection } = await sharedPostgres()
    const proxy = await startProxy(connection)
    await proxy.close()
    await using connections = new Connections(proxy.connection)

    const error = await failure(connections.sql())

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_CONNECTION_FAILED', retryable: true })
  })

  test('gives up on a server that does not answer', async () => {
    const { connection } = await sharedPostgres()
    await using proxy = await startProxy(connection)
    await using connections = new Connections(proxy.connection)
    proxy.cut()

    const error = await failure(connections.sql({ connectTimeoutMs: 100 }))

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_CONNECTION_FAILED', retryable: true })
  })
})

describe('rows that are copied in', () => {
  test('are stored, and statements that follow wait for them', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.execute('create table public.t (a int, b text)')

    const copied = client.copyIn('copy public.t from stdin', Buffer.from('1\tx\n2\t\\N\n'), 'it')
    const rows = await client.query('select a, b from public.t order by a')

    await copied
    expect(rows).toEqual([
      { a: '1', b: 'x' },
      { a: '2', b: null },
    ])
  })

  test('and refused leave the connection fit for more', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.execute('create table public.t (a int)')

    const wrong = await failure(client.copyIn('copy public.t from stdin', Buffer.from('x\n'), 'it'))
    const missing = await failure(
      client.copyIn('copy nowhere from stdin', Buffer.from('1\n'), 'it'),
    )

    expect(wrong).toMatchObject({ code: 'FLINKTS_POSTGRES_QUERY_FAILED' })
    expect(missing).toMatchObject({ code: 'FLINKTS_POSTGRES_OBJECT_MISSING' })
    expect(await client.execute('begin')).toBe('BEGIN')
    expect(await client.execute('rollback')).toBe('ROLLBACK')
  })

  test('fail, for another try, when their connection is cut', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using proxy = await startProxy(database.connection)
    await using connections = new Connections(proxy.connection)
    const client = await connections.sql()
    await client.execute('create table public.t (a int)')
    proxy.cut('to-client')

    const copied = failure(client.copyIn('copy public.t from stdin', Buffer.from('1\n'), 'it'))
    proxy.reset()

    expect(await copied).toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
      retryable: true,
    })
  })
})

describe('statements', () => {
  test('give every value as text, whatever the settings of the role', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    const { connection } = database
    for (const setting of [
      "datestyle = 'German'",
      "timezone = 'Asia/Tokyo'",
      "bytea_output = 'escape'",
      "intervalstyle = 'iso_8601'",
      'extra_float_digits = -3',
      "search_path = 'nowhere'",
      "statement_timeout = '1s'",
    ]) {
      await database.query(`alter database "${connection.database}" set ${setting}`)
    }
    await using connections = new Connections(connection)

    const client = await connections.sql()
    const [row] = await client.query(
      `select timestamptz '2024-05-06 07:08:09.123456+00' as at, '\\xdead'::bytea as bytes,
         interval '1 day 2 hours' as span, 0.1::float8 + 0.2::float8 as sum, null as nothing,
         current_setting('statement_timeout') as timeout`,
    )

    expect(row).toEqual({
      at: '2024-05-06 07:08:09.123456+00',
      bytes: String.raw`\xdead`,
      span: '1 day 02:00:00',
      sum: '0.30000000000000004',
      nothing: null,
      timeout: '0',
    })
  })

  test('take parameters as text', async () => {
    await using connections = new Connections((await sharedPostgres()).connection)
    const client = await connections.sql()

    const rows = await client.query('select $1::int + 1 as next, $2::text as text', ['41', null])

    expect(rows).toEqual([{ next: '42', text: null }])
  })

  test('give the rows of the last of several', async () => {
    await using connections = new Connections((await sharedPostgres()).connection)
    const client = await connections.sql()

    expect(await client.query('select 1 as a; select 2 as b')).toEqual([{ b: '2' }])
  })

  test('queue, and one that fails does not disturb the next', async () => {
    await using connections = new Connections((await sharedPostgres()).connection)
    const client = await connections.sql()

    const [first, second] = await Promise.allSettled([
      client.query('select nothing'),
      client.query('select 2 as two'),
    ])

    expect(first).toMatchObject({ reason: { code: 'FLINKTS_POSTGRES_QUERY_FAILED' } })
    expect(second).toMatchObject({ value: [{ two: '2' }] })
  })

  test('fail with what may be tried again when the server ends the connection', async () => {
    const server = await sharedPostgres()
    await using connections = new Connections(server.connection)
    const client = await connections.sql()
    const running = failure(client.query('select pg_sleep(60)'))

    await server.query('select pg_terminate_backend($1)', [client.processId])

    const code = 'FLINKTS_POSTGRES_CONNECTION_FAILED'
    expect(await running).toMatchObject({ code, retryable: true })
    expect(await failure(client.query('select 1'))).toMatchObject({ code })
  })

  test('that wait too long for a lock may be tried again', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const holder = await connections.sql()
    const waiter = await connections.sql()
    await holder.query('create table public.t ()')
    await holder.query('begin; lock table public.t')

    await waiter.query("set lock_timeout = '10ms'")
    const error = await failure(waiter.query('select * from public.t'))

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_QUERY_INTERRUPTED', retryable: true })
  })

  test('that the role may not run fail for good', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.query('create table public.t ()')
    await client.query('set role pg_monitor')

    const error = await failure(client.query('select * from public.t'))

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_PERMISSION_DENIED', retryable: false })
  })
})

describe('copyRows', () => {
  test('gives all rows, and the statements that follow wait for them', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.query(`create table public.t (id int, name text);
      insert into public.t select g, repeat('ż', g) from generate_series(1, 1000) g`)
    const relation = await describeTable(client, 't')

    const stream = client.copyRows('copy (select * from public.t order by id) to stdout', relation)
    const next = client.query('select 1 as one')
    const rows = await allRows(stream)

    expect(rows).toHaveLength(1000)
    expect(rows.at(-1)).toEqual({ id: 1000, name: 'ż'.repeat(1000) })
    expect(await next).toEqual([{ one: '1' }])
  })

  test('holds back the server while nobody polls', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.query(`create table public.t (id int, name text)`)
    const relation = await describeTable(client, 't')
    const select = `select g, repeat('x', 300) from generate_series(1, 100000) g`

    const stream = client.copyRows(`copy (${select}) to stdout`, relation)
    await stream.available()
    await eventually('the server to wait for us', async () => {
      const rows = await database.query('select from pg_stat_activity where wait_event = $1', [
        'ClientWrite',
      ])
      expect(rows).toHaveLength(1)
    })

    const rows = await allRows(stream)
    expect(rows).toHaveLength(100_000)
  })

  test('throws what the server found in the middle, after the rows before it', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.query('create table public.t (id int)')
    const relation = await describeTable(client, 't')
    const select = 'select 10 / (5000 - g) from generate_series(1, 9000) g'

    const stream = client.copyRows(`copy (${select}) to stdout`, relation)
    const rows: Row[] = []
    const error = await failure(allRows(stream, rows))

    expect(error).toMatchObject({ code: 'FLINKTS_POSTGRES_QUERY_FAILED' })
    expect(messageOf(error)).toContain('reading the table "public.t" failed')
    expect(rows).toHaveLength(4999)
    expect(await client.query('select 1 as one')).toEqual([{ one: '1' }])
  })

  test('ends with the client, in the middle of it', async () => {
    await using database = await (await sharedPostgres()).createDatabase()
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.query('create table public.t (id int)')
    const relation = await describeTable(client, 't')
    const numbers = 'generate_series(1, 10000)'
    const endless = `copy (select 1 from ${numbers} a, ${numbers} b, ${numbers} c) to stdout`

    const stream = client.copyRows(endless, relation)
    await stream.available()
    await client.close()

    await eventually('the backend to end', async () => {
      const rows = await database.query('select from pg_stat_activity where pid = $1', [
        client.processId,
      ])
      expect(rows).toHaveLength(0)
    })
  })
})

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}
