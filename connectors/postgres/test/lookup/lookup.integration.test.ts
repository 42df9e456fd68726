import type { PostgresDatabase } from '@flinkts/test-services'
import { eventually } from '@flinkts/test-services'
import { startProxy } from '@flinkts/testkit/proxy'
import { describe, expect, test } from 'vitest'
import { connectionOf, LookupRun, lockTable, waitingLookups } from '../support/lookup-fixture.ts'
import { containing } from '../support/matchers.ts'
import { newDatabase } from '../support/source-fixture.ts'

const customers = `create table customers (id int primary key, name text, country text);
  insert into customers values (1, 'Ada', 'no'), (2, 'Bo', null)`

async function untilWaiting(database: PostgresDatabase): Promise<number> {
  return eventually('a lookup to wait for the lock', async () => {
    const [pid] = await waitingLookups(database)
    if (pid === undefined) throw new Error('none waits')
    return pid
  })
}

describe('what a lookup finds', () => {
  test('gives the row of a key, and none where there is none', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, { columns: ['country', 'name'] })

    const found = await Promise.all([1, 2, 3].map((id) => run.find(id)))

    expect(found).toEqual([[{ country: 'no', name: 'Ada' }], [{ country: null, name: 'Bo' }], []])
  })

  test('gives all rows of a key', async () => {
    await using database = await newDatabase(`create table calls (customer int, minutes int);
      create index on calls (customer); insert into calls values (1, 5), (1, 7), (2, 1)`)
    await using run = await LookupRun.of(database, {
      table: 'public.calls',
      key: { customer: 'customer' },
      columns: ['minutes'],
    })

    const rows = await run.find(1)

    expect(rows.toSorted((a, b) => Number(a['minutes']) - Number(b['minutes']))).toEqual([
      { minutes: 5 },
      { minutes: 7 },
    ])
  })

  test('refuses a key with more rows than are allowed', async () => {
    await using database = await newDatabase(`create table calls (customer int);
      insert into calls select 1 from generate_series(1, 6)`)
    await using run = await LookupRun.of(database, {
      table: 'calls',
      key: { customer: 'customer' },
      columns: ['customer'],
      rowsPerKeyMax: 5,
      cache: { keysMax: 10, ttlMs: 60_000 },
    })

    for (const _ of [1, 2]) {
      await expect(run.find(1)).rejects.toMatchObject({
        code: 'FLINKTS_POSTGRES_LOOKUP_TOO_LARGE',
        message: 'table "public.calls" has more than 5 rows for the key ["1"]',
      })
    }
  })

  test('asks for no key with a null in it, and finds nothing', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database)

    expect(await run.find({ customer: null })).toEqual([])
    expect(await run.find({})).toEqual([])
    expect(run.counts.get('queries')).toBeUndefined()
  })

  test('compares keys of several columns and of any type', async () => {
    await using database = await newDatabase(`create type mood as enum ('good', 'bad');
      create domain code as varchar(20);
      create table "Odd ""names""" (a mood, b code, c char(5), d timestamptz, e numeric(10, 2),
        f jsonb, g bytea, "h,i" int8, primary key (a, b, c, d));
      insert into "Odd ""names""" values ('good', 'x"\\,{}y', 'ab', '2024-05-06 07:08:09Z', 1.5,
        '{"n": 1}', '\\xdead', 9007199254740993)`)
    await using run = await LookupRun.of(database, {
      table: 'public.Odd "names"',
      key: {
        a: 'a',
        b: 'b',
        c: () => 'ab',
        d: () => new Date('2024-05-06T07:08:09Z'),
        e: () => '1.50',
        f: () => '{"n":1}',
        g: () => new Uint8Array([0xde, 0xad]),
        'h,i': () => 9007199254740993n,
      },
      columns: ['b', 'd', 'e', 'f', 'g', 'h,i'],
      json: 'parse',
    })

    expect(await run.find({ a: 'good', b: 'x"\\,{}y' })).toEqual([
      {
        b: 'x"\\,{}y',
        d: '2024-05-06T07:08:09.000000Z',
        e: '1.50',
        f: { n: 1 },
        g: new Uint8Array([0xde, 0xad]),
        'h,i': 9007199254740993n,
      },
    ])
    expect(await run.find({ a: 'bad', b: 'x"\\,{}y' })).toEqual([])
  })

  test('reads a view', async () => {
    await using database = await newDatabase(`${customers};
      create view norwegians as select id, upper(name) as name from customers where country = 'no'`)
    await using run = await LookupRun.of(database, { table: 'norwegians' })

    expect(await Promise.all([run.find(1), run.find(2)])).toEqual([[{ name: 'ADA' }], []])
    expect(await run.preflight()).toEqual([])
  })

  test('sees what was committed before the record came', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database)
    await run.find(3)
    await database.query(`insert into customers values (3, 'Cy', 'se')`)

    expect(await run.find(3)).toEqual([{ name: 'Cy' }])
  })
})

describe('how a lookup asks', () => {
  test('asks for the keys of one turn together', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, { batchKeysMax: 300 })

    await Promise.all(Array.from({ length: 1000 }, (_, id) => run.find(id)))

    expect(run.counts.get('keys')).toBe(1000)
    expect(run.counts.get('queries')).toBe(4)
  })

  test('keeps rows as long as the cache allows, and absence as long as it says', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, {
      cache: { keysMax: 10, ttlMs: 60_000, absentTtlMs: 0 },
    })
    await Promise.all([run.find(1), run.find(3)])
    await database.query(`update customers set name = 'New' where id = 1`)
    await database.query(`insert into customers values (3, 'Cy', 'se')`)

    expect(await Promise.all([run.find(1), run.find(3)])).toEqual([
      [{ name: 'Ada' }],
      [{ name: 'Cy' }],
    ])
    expect(run.counts.get('cacheHits')).toBe(1)
  })

  test('has no more connections than allowed', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, { connectionsMax: 3, batchKeysMax: 1 })
    const lock = await lockTable(database, 'customers')
    const found = [1, 2, 1, 2, 1, 2].map((customer, index) => run.find({ customer, index }))
    const others = Array.from({ length: 20 }, (_, id) => run.find(id))
    await eventually('three connections to wait', async () => {
      const waiting = await waitingLookups(database)
      if (waiting.length < 3) throw new Error(`${waiting.length} wait`)
    })
    const connections = await database.query(
      `select from pg_stat_activity where application_name = 'flinkts/shop/customers/lookup'
        and datname = current_database()`,
    )
    await lock.release()

    expect(connections.length).toBe(3)
    expect((await Promise.all([...found, ...others])).flat().length).toBe(8)
  })
})

describe('when a lookup fails', () => {
  test('asks again on a new connection if the server ends it in the middle', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, { retry: { delayMs: 10 } })
    const lock = await lockTable(database, 'customers')
    const found = run.find(1)
    const pid = await untilWaiting(database)
    await database.query('select pg_terminate_backend($1)', [pid])
    await untilWaiting(database)
    await lock.release()

    expect(await found).toEqual([{ name: 'Ada' }])
    expect(run.logger.lines).toMatchObject([
      { level: 'warn', message: 'lost a lookup; trying again', fields: { attempt: 1 } },
    ])
  })

  test('finds out about a lost connection when it is idle', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, { retry: { delayMs: 1 } })
    await database.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where application_name = 'flinkts/shop/customers/lookup'
          and datname = current_database()`,
    )

    expect(await run.find(1)).toEqual([{ name: 'Ada' }])
  })

  test('gives up a server that does not answer, and asks again', async () => {
    await using database = await newDatabase(customers)
    await using proxy = await startProxy(database.connection)
    await using run = await LookupRun.of(database, {
      connection: connectionOf(proxy.connection),
      queryTimeoutMs: 500,
      retry: { delayMs: 1 },
    })
    proxy.cut('to-client')
    const found = run.find(1)
    await eventually('the lookup to be given up', () => {
      expect(run.logger.lines).toMatchObject([
        { fields: { reason: 'the server gave no answer to a lookup within 1500 ms' } },
      ])
    })
    proxy.mend()

    expect(await found).toEqual([{ name: 'Ada' }])
  })

  test('names the option if a query takes too long', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database, { queryTimeoutMs: 500 })
    const lock = await lockTable(database, 'customers')

    await expect(run.find(1)).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_LOOKUP_TOO_SLOW',
      message: containing('took over 500 ms (SQLSTATE 57014)'),
      hint: containing('"queryTimeoutMs"'),
    })
    await lock.release()
    expect(await run.find(1)).toEqual([{ name: 'Ada' }])
  })

  test('fails only the record whose key the server cannot read', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database)

    const outcomes = await Promise.allSettled([
      run.find(1),
      run.find({ customer: 'nobody' }),
      run.find(2),
    ])

    expect(outcomes).toMatchObject([
      { value: [{ name: 'Ada' }] },
      {
        reason: {
          code: 'FLINKTS_POSTGRES_QUERY_FAILED',
          message: containing('invalid input syntax for type integer: "nobody" (SQLSTATE 22P02)'),
        },
      },
      { value: [{ name: 'Bo' }] },
    ])
  })

  test('refuses a key that no column can hold', async () => {
    await using database = await newDatabase(customers)
    await using run = await LookupRun.of(database)

    await expect(run.find({ customer: { deep: 1 } })).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_VALUE_INVALID',
      message: containing('column "id" of table "public.customers" cannot be compared with'),
    })
  })

  test('ends what is under way when it is closed', async () => {
    await using database = await newDatabase(customers)
    const run = await LookupRun.of(database)
    const lock = await lockTable(database, 'customers')
    const found = run.find(1)
    found.catch(() => undefined)
    await untilWaiting(database)

    await run[Symbol.asyncDispose]()

    await expect(found).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_CONNECTION_FAILED' })
    await lock.release()
  })
})
