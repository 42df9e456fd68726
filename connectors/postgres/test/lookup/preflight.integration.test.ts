import { describe, expect, test } from 'vitest'
import { connectionOf, type LookupOptions, LookupRun } from '../support/lookup-fixture.ts'
import { containing } from '../support/matchers.ts'
import { newDatabase } from '../support/source-fixture.ts'

const tables = `create table customers (id int primary key, name text);
  create table plain (id int, name text);
  create table odd (id json, tags text[], name text)`

interface Case {
  readonly problem: string
  readonly options: LookupOptions
  readonly finding: Readonly<Record<string, unknown>>
  readonly error: string
}

const cases: readonly Case[] = [
  {
    problem: 'a table that does not exist',
    options: { table: 'custmers' },
    finding: { code: 'table-missing', hint: containing('"public.customers"') },
    error: 'FLINKTS_POSTGRES_TABLE_MISSING',
  },
  {
    problem: 'a column that does not exist',
    options: { columns: ['nam'] },
    finding: { code: 'column-missing', hint: containing('Did you mean "name"') },
    error: 'FLINKTS_POSTGRES_COLUMN_INVALID',
  },
  {
    problem: 'a key column that does not exist',
    options: { key: { customer_number: 'customer' } },
    finding: { message: 'table "public.customers" has no column "customer_number"' },
    error: 'FLINKTS_POSTGRES_COLUMN_INVALID',
  },
  {
    problem: 'an array in the key',
    options: { table: 'odd', key: { tags: 'customer' } },
    finding: { code: 'key-unsupported' },
    error: 'FLINKTS_POSTGRES_COLUMN_INVALID',
  },
  {
    problem: 'a type that cannot be compared',
    options: { table: 'odd' },
    finding: { code: 'query-failed', message: containing('operator does not exist: json = json') },
    error: 'FLINKTS_POSTGRES_QUERY_FAILED',
  },
]

describe('the checks of a lookup', () => {
  test('find nothing where all is well', async () => {
    await using database = await newDatabase(tables)

    expect(await new LookupRun(database).preflight()).toEqual([])
  })

  test.each(cases)('tell $problem', async ({ options, finding, error }) => {
    await using database = await newDatabase(tables)
    const run = new LookupRun(database, options)

    expect(await run.preflight()).toMatchObject([{ severity: 'error', ...finding }])
    await expect(run.open()).rejects.toMatchObject({ code: error })
  })

  test('tell a right that is missing', async () => {
    await using database = await newDatabase(tables)
    const role = `reader_${database.connection.database}`
    await database.query(`create role ${role} login password 'x'`)
    const connection = { ...connectionOf(database.connection), user: role, password: 'x' }
    const run = new LookupRun(database, { connection })

    const findings = await run.preflight()
    await database.query(`drop role ${role}`)

    expect(findings).toMatchObject([
      { code: 'permission-denied', message: containing('SQLSTATE 42501') },
    ])
  })

  test('tell a wrong password, as a start does', async () => {
    await using database = await newDatabase(tables)
    const connection = { ...connectionOf(database.connection), password: 'guess' }
    const run = new LookupRun(database, { connection })

    expect(await run.preflight()).toMatchObject([
      { code: 'authentication-failed', message: containing('SQLSTATE 28P01') },
    ])
    await expect(run.open()).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_AUTHENTICATION_FAILED',
    })
  })

  test('warn of a key without an index, and start all the same', async () => {
    await using database = await newDatabase(`${tables}; insert into plain values (1, 'Ada')`)
    await using run = await LookupRun.of(database, { table: 'plain' })

    expect(await run.preflight()).toMatchObject([
      {
        severity: 'warning',
        code: 'index-missing',
        hint: containing('CREATE INDEX ON "public"."plain" ("id")'),
      },
    ])
    expect(await run.find(1)).toEqual([{ name: 'Ada' }])
  })
})
