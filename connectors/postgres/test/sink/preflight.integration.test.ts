import type { Finding } from '@flinkts/core/connector'
import { startPostgres } from '@flinkts/test-services'
import type { PostgresConnection, PostgresDatabase, PostgresQueries } from '@flinkts/test-services'
import { describe, expect, test } from 'vitest'
import { containing } from '../support/matchers.ts'
import { postgresDriver } from '../../src/client.ts'
import { postgresSinkOver } from '../../src/sink/sink.ts'
import { newDatabase } from '../support/source-fixture.ts'
import { prepared, SinkRun, type SinkOptions, writeAll } from '../support/sink-fixture.ts'

const items = 'create table items (id int primary key, name text)'
type Anything = Readonly<Record<string, unknown>>

function preflight(
  database: PostgresQueries,
  options: SinkOptions<Anything> = {},
  parallelism = 1,
): Promise<readonly Finding[]> {
  const run = new SinkRun<Anything>(database.connection, options)
  const sink = postgresSinkOver(postgresDriver, run.options)
  const { signal } = new AbortController()
  return sink.preflight({ operatorId: 'rows', jobName: 'shop', parallelism, signal })
}

const codes = (findings: readonly Finding[]): readonly string[] => findings.map(({ code }) => code)

describe('a preflight of the sink', () => {
  test('finds nothing where all is well, and changes nothing', async () => {
    await using database = await newDatabase(items)

    const findings = await preflight(database)

    expect(findings).toEqual([])
    const ledger = await database.query(`select to_regclass('flinkts_ledger') as ledger`)
    expect(ledger).toEqual([{ ledger: null }])
  })

  test('tells a server that is not there', async () => {
    await using database = await newDatabase(items)
    const connection = { ...database.connection, port: 1 }

    expect(codes(await preflight(database, { connection }))).toEqual(['connection-failed'])
  })

  test('tells tables that are missing or hold no rows of their own, all at once', async () => {
    await using database = await newDatabase(`${items}; create view v as select 1 as id;
      create unlogged table quick (id int)`)

    const findings = await preflight(database, {
      table: () => 'items',
      tables: ['itmes', 'v', 'quick', 'items'],
    })

    expect(findings).toMatchObject([
      { code: 'table-missing', hint: containing('"public.items"') },
      { code: 'table-unsupported', message: '"public.v" is a view, not a table' },
      { code: 'table-unlogged', severity: 'warning' },
    ])
  })

  test('tells columns that are missing, computed, or needed and not written', async () => {
    await using database = await newDatabase(`create domain must as text not null;
      create table items (id int generated always as identity, name text not null,
        double int generated always as (1) stored, made text not null default 'x', other must)`)

    const findings = await preflight(database, { columns: { nmae: 'a', double: 'b' } })

    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ['column-invalid', 'table "public.items" has no column "nmae"'],
      ['column-invalid', 'column "double" of table "public.items" is generated'],
      [
        'column-required',
        'column "name" of table "public.items" may not be null and is not written',
      ],
      [
        'column-required',
        'column "other" of table "public.items" may not be null and is not written',
      ],
    ])
  })

  test('tells the rights that a role lacks', async () => {
    await using database = await newDatabase(`${items};
      alter table items enable row level security;
      revoke create on schema public from public`)
    const connection = await newRole(database)

    const denied = await preflight(database, { connection })
    await database.query(`grant insert on items to "${connection.user}"`)
    const granted = await preflight(database, { connection, mode: 'append' })

    expect(codes(denied)).toEqual(['table-denied', 'row-security', 'ledger-denied'])
    expect(denied[0]?.hint).toContain(`GRANT INSERT ON "public"."items" TO "${connection.user}"`)
    expect(denied[2]?.hint).toContain('CREATE TABLE IF NOT EXISTS "public"."flinkts_ledger"')
    expect(codes(granted)).toEqual(['row-security'])
  })

  test('a ledger that someone else made, by the hint, is enough', async () => {
    await using database = await newDatabase(`${items};
      revoke create on schema public from public`)
    const connection = await newRole(database)
    await database.query(`grant insert on items to "${connection.user}"`)
    const [finding] = await preflight(database, { connection })
    const statements = /run "(CREATE.*?); (GRANT .*? TO "[^"]*")"/.exec(finding?.hint ?? '')
    for (const statement of statements?.slice(1) ?? []) await database.query(statement)

    await using run = new SinkRun(connection)
    const committables = await prepared(await run.holding(), [{ id: 1 }])

    expect(await preflight(database, { connection })).toEqual([])
    expect(committables).toMatchObject([{ rows: 1 }])
  })

  test('a staging table that someone else made, by the hint, is enough', async () => {
    await using database = await newDatabase(`${items};
      revoke create on schema public from public`)
    const connection = await newRole(database)
    await database.query(`grant insert on items to "${connection.user}"`)
    const options = { connection, mode: 'staged' } as const
    const denied = await preflight(database, options)
    for (const { hint } of denied) {
      const statements = /run "(CREATE.*?\)\)); (GRANT .*? TO "[^"]*")"/.exec(hint)
      for (const statement of statements?.slice(1) ?? []) await database.query(statement)
    }

    await using run = new SinkRun(database.connection, options)
    const [committable] = await prepared(await run.holding(), [{ id: 1 }])
    const outcome = committable && (await (await run.committer()).commit(committable))

    expect(codes(denied)).toEqual(['ledger-denied', 'staging-denied'])
    expect(await preflight(database, options)).toEqual([])
    expect(outcome).toEqual({ status: 'committed' })
  })

  test('tells the rights and the key that writing by key needs', async () => {
    await using database = await newDatabase(`${items};
      create table loose (id int, name text); create unique index on loose (name) where id > 0;
      create table other (id int, name text unique)`)
    const connection = await newRole(database)
    await database.query(`grant insert on items, loose, other to "${connection.user}"`)
    const options = { connection, mode: 'upsert', write: () => [] } as const

    const denied = await preflight(database, { ...options, table: 'items' })
    await database.query(`grant update, select on items to "${connection.user}"`)
    const granted = await preflight(database, { ...options, table: 'items' })
    const keyless = await preflight(database, { mode: 'upsert', table: 'loose' })
    const choice = await preflight(database, { mode: 'twoPhase', table: 'other', key: ['id'] })

    expect(denied).toMatchObject([
      { code: 'table-denied', hint: containing('"GRANT UPDATE, SELECT ON "public"."items" TO') },
      { code: 'delete-denied', severity: 'warning' },
    ])
    expect(codes(granted)).toEqual(['delete-denied'])
    expect(keyless).toMatchObject([
      { code: 'key-missing', message: 'table "public.loose" has no primary key to write rows by' },
    ])
    expect(choice).toMatchObject([
      { code: 'key-missing', hint: containing('with the option "key": (name)') },
    ])
  })

  test('tells too few prepared transactions, and the setting to make', async () => {
    await using database = await newDatabase(items)

    const findings = await preflight(database, {}, 40)

    expect(findings).toMatchObject([
      {
        code: 'prepared-too-few',
        hint: containing('"ALTER SYSTEM SET max_prepared_transactions = 80"'),
      },
    ])
  })

  test('tells that "auto" will stage rows, and why', async () => {
    await using database = await newDatabase(items)

    const few = await preflight(database, { mode: 'auto' }, 40)
    const enough = await preflight(database, { mode: 'auto' }, 4)

    expect(few).toMatchObject([
      {
        severity: 'warning',
        code: 'rows-staged',
        message: containing('max_prepared_transactions of the server is 64; 80 are needed'),
      },
    ])
    expect(enough).toEqual([])
  })
})

/** A role that may log in, and no more. */
async function newRole(database: PostgresDatabase): Promise<PostgresConnection> {
  const user = `role_${database.connection.database}`
  await database.query(`create role ${user} login password 'secret'`)
  return { ...database.connection, user, password: 'secret' }
}

describe('a server', () => {
  test('without prepared transactions is refused', async () => {
    await using server = await startPostgres({ settings: { max_prepared_transactions: '0' } })
    await server.query(items)
    await using run = new SinkRun(server.connection)
    await using appending = new SinkRun(server.connection, { mode: 'append' })

    const findings = await preflight(server)

    expect(findings).toMatchObject([{ code: 'prepared-disabled', severity: 'error' }])
    await expect(run.holding()).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_PREPARED_DISABLED',
    })
    await writeAll(await appending.writer(), [{ id: 1 }])
  })

  test('whose prepared transactions are all in use fails the checkpoint', async () => {
    await using server = await startPostgres({ settings: { max_prepared_transactions: '2' } })
    await server.query(items)
    await using run = new SinkRun(server.connection)
    const writer = await run.holding()
    await server.query(`begin; insert into items values (8); prepare transaction 'one'`)
    await server.query(`begin; insert into items values (9); prepare transaction 'two'`)

    const committables = prepared(writer, [{ id: 1 }])

    await expect(committables).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_PREPARED_EXHAUSTED',
      retryable: true,
    })
  })
})
