import { sharedPostgres, startPostgres } from '@flinkts/test-services'
import type { PostgresDatabase, PostgresQueries } from '@flinkts/test-services'
import type { ErrorCode, Finding } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import type { SourceOptions } from './support/source-fixture.ts'
import { harnessOf, newDatabase, slotOf, sourceOf } from './support/source-fixture.ts'

const table = 'create table t (id int primary key)'
const source: SourceOptions = { tables: ['public.t'] }

describe('a preflight', () => {
  test('finds nothing where all is well, quickly, and changes nothing', async () => {
    await using database = await newDatabase(table)
    const startMs = performance.now()

    const findings = await preflight(database, source)

    expect(findings).toEqual([])
    expect(performance.now() - startMs).toBeLessThan(1_000)
    const left = await database.query('select from pg_publication')
    expect(left).toEqual([])
  })

  test('tells a wrong password, and not the password', async () => {
    await using database = await newDatabase(table)

    const findings = await preflight(database, { ...source, connection: { password: 'sEcReT' } })

    expect(findings).toMatchObject([{ severity: 'error', code: 'authentication-failed' }])
    expect(JSON.stringify(findings)).not.toContain('sEcReT')
  })

  test('tells a server that is not there', async () => {
    await using database = await newDatabase(table)

    const findings = await preflight(database, { ...source, connection: { port: 1 } })

    expect(findings).toMatchObject([{ severity: 'error', code: 'connection-failed' }])
  })

  test('tells all at once', async () => {
    await using database = await newDatabase(`
      create table nokey (id int);
      create table late (id int primary key deferrable);
      create table tags (id int[] primary key);
      create table parts (id int primary key) partition by range (id);
      create view v as select 1;
      create unlogged table quick (id int primary key);
      create table quiet (id int primary key);
      alter table quiet replica identity nothing`)
    const names = ['nokey', 'late', 'tags', 'parts', 'v', 'quick', 'quiet', 'Quietly']

    const findings = await preflight(database, { tables: names })

    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ['table-missing', 'table "public.Quietly" does not exist'],
      ['key-missing', 'table "public.nokey" has no primary key'],
      ['key-missing', 'table "public.late" has no primary key'],
      ['key-unsupported', 'the key of table "public.tags" has an array or jsonb column: "id"'],
      ['table-unsupported', 'table "public.parts" is partitioned'],
      ['table-unsupported', '"public.v" is a view, not a table'],
      ['table-unsupported', 'table "public.quick" is unlogged: changes are not in the WAL'],
      ['replica-identity', 'table "public.quiet" has the replica identity "nothing"'],
    ])
    expect(findings[0]?.hint).toContain('Did you mean "public.quiet"')
    expect(findings[1]?.hint).toContain('ALTER TABLE "public"."nokey" ADD PRIMARY KEY')
  })

  test('tells the rights that a role lacks', async () => {
    await using database = await newDatabase(`${table}; insert into t values (1)`)
    const role = await newRole(database, '')

    const findings = await preflight(database, { ...source, connection: role })

    expect(findings.map(({ code }) => code)).toEqual([
      'select-denied',
      'table-not-owned',
      'replication-denied',
      'publication-denied',
    ])
    const hints = findings.map(({ hint }) => hint).join(' ')
    expect(hints).toContain('GRANT SELECT ON "public"."t"')
    expect(hints).toContain(`ALTER ROLE "${role.user}" REPLICATION`)
  })

  test('tells of row security, which would hide rows', async () => {
    await using database = await newDatabase(`${table}; alter table t enable row level security`)
    const role = await newRole(database, 'replication')
    await database.query(`grant select on t to ${role.user}`)
    await database.query('create publication p for table t')
    const options = { ...source, connection: role, publication: 'p', managePublication: false }

    const findings = await preflight(database, options)

    expect(findings.map(({ code }) => code)).toEqual(['row-security'])
  })

  test('finds nothing amiss with a role that has just what it needs', async () => {
    await using database = await newDatabase(`${table}; insert into t values (1)`)
    const role = await newRole(database, 'replication')
    await database.query(`grant select on t to ${role.user}`)
    await database.query('create publication p for table t')
    const options = { ...source, connection: role, publication: 'p', managePublication: false }
    await using harness = harnessOf(database, options)

    const findings = await preflight(database, options)
    await harness.start()
    await harness.runUntil(() => harness.uncommittedCount === 1)
    await harness.checkpoint()
    await harness.kill()
    await harness.start()

    expect(findings).toEqual([])
  })

  test('tells what a publication lacks that others made', async () => {
    await using database = await newDatabase(`${table};
      create table other (id int primary key);
      create publication p for table other with (publish = 'insert')`)
    const named = { ...source, publication: 'p', managePublication: false }

    const findings = await preflight(database, named)
    const missing = await preflight(database, { ...named, publication: 'q' })

    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([
      ['error', 'publication-lacks-tables'],
      ['error', 'publication-lacks-changes'],
      ['warning', 'publication-too-wide'],
    ])
    expect(findings[0]?.hint).toContain('ALTER PUBLICATION "p" ADD TABLE ONLY "public"."t"')
    expect(missing.map(({ code }) => code)).toEqual(['publication-missing'])
  })

  test('warns of a publication for all tables', async () => {
    await using database = await newDatabase(`${table}; create publication p for all tables`)

    const findings = await preflight(database, { ...source, publication: 'p' })

    expect(findings).toMatchObject([{ severity: 'warning', code: 'publication-too-wide' }])
  })

  test('tells a slot of another plugin', async () => {
    await using database = await newDatabase(table)
    const slot = slotOf(database)
    await database.query(`select pg_create_logical_replication_slot('${slot}', 'test_decoding')`)

    const findings = await preflight(database, source)

    expect(findings).toMatchObject([{ severity: 'error', code: 'slot-mismatch' }])
    await expectStartFails(database, source, 'FLINKTS_POSTGRES_SLOT_MISMATCH')
  })

  test('tells limits of the server and a wrong wal_level', async () => {
    const settings = { wal_level: 'replica', max_replication_slots: '1', fsync: 'off' }
    await using server = await startPostgres({ settings })
    await using database = await server.createDatabase()
    await database.query(table)
    await database.query(`select pg_create_physical_replication_slot('taken')`)

    const findings = await preflight(database, source)

    expect(findings.map(({ code }) => code)).toEqual(['wal-level', 'slots-exhausted'])
    expect(findings[0]?.hint).toContain('ALTER SYSTEM SET wal_level = logical')
    await expectStartFails(database, source, 'FLINKTS_POSTGRES_WAL_LEVEL')
  })
})

describe('a start', () => {
  const failures: readonly (readonly [ErrorCode, string, SourceOptions])[] = [
    [
      'FLINKTS_POSTGRES_AUTHENTICATION_FAILED',
      table,
      { connection: { password: 'no' }, ...source },
    ],
    ['FLINKTS_POSTGRES_CONNECTION_FAILED', table, { connection: { port: 1 }, ...source }],
    ['FLINKTS_POSTGRES_TABLE_MISSING', '', source],
    ['FLINKTS_POSTGRES_TABLE_UNSUPPORTED', 'create view t as select 1', source],
    ['FLINKTS_POSTGRES_KEY_MISSING', 'create table t (id int)', source],
    ['FLINKTS_POSTGRES_PUBLICATION_INCOMPLETE', table, { ...source, managePublication: false }],
  ]

  test.for(failures)('fails with %s and has made nothing', async ([code, schema, options]) => {
    await using database = await newDatabase(schema)

    await expectStartFails(database, options, code)

    const left = await database.query(
      `select from pg_publication union all
       select from pg_replication_slots where database = current_database()`,
    )
    expect(left).toEqual([])
  })

  test('fails for a role without rights', async () => {
    await using database = await newDatabase(table)
    const role = await newRole(database, '')

    await expectStartFails(
      database,
      { ...source, connection: role },
      'FLINKTS_POSTGRES_PERMISSION_DENIED',
    )
  })
})

async function preflight(
  database: PostgresQueries,
  options: SourceOptions,
): Promise<readonly Finding[]> {
  const { signal } = new AbortController()
  const place = { jobName: 'job', operatorId: 'source', parallelism: 1, signal }
  return (await sourceOf(database, options).preflight?.(place)) ?? []
}

async function expectStartFails(
  database: PostgresQueries,
  options: SourceOptions,
  code: ErrorCode,
): Promise<void> {
  await using harness = harnessOf(database, options)
  await expect(harness.start()).rejects.toMatchObject({ code })
}

async function newRole(
  database: PostgresDatabase,
  attributes: string,
): Promise<{ readonly user: string; readonly password: string }> {
  const server = await sharedPostgres()
  const user = `r_${database.connection.database}`
  await server.query(`create role ${user} login password 'role' ${attributes}`)
  return { user, password: 'role' }
}
