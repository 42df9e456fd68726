import { SeededPrng } from '@flinkts/core/testing'
import { eventually, startPostgres } from '@flinkts/test-services'
import type { PostgresServer } from '@flinkts/test-services'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import type { Change } from '../src/index.ts'
import { dropSlotAndPublication } from '../src/index.ts'
import { Replica } from './support/replica.ts'
import {
  commitUntil,
  expectReplica,
  harnessOf,
  killedRun,
  newDatabase,
  seedsToRun,
  slotOf,
  streaming,
} from './support/source-fixture.ts'
import { Workload, workloadSchema, workloadTables } from './support/workload.ts'

const workloadSource = { tables: workloadTables, snapshot: { chunkRows: 150 } }

describe('a job that is killed at random while the tables change', () => {
  test.for(seedsToRun(4))('commits every row and change once (seed %i)', async (seed) => {
    const prng = new SeededPrng(seed)
    await using database = await newDatabase(workloadSchema)
    await using harness = harnessOf(database, workloadSource, prng)
    const workload = new Workload(database.connection, prng, 3)

    await harness.start()
    const commits = await killedRun(harness, prng, 40)
    await workload.stop()
    // Else a chunk of the snapshot may bring the end before the others came.
    await streaming(harness)
    await database.query(`insert into acct values (-1, 0, 'end')`)
    await commitUntil(harness, isEnd)

    expect(commits).toBeGreaterThan(0)
    expect(workload.transactionCount).toBeGreaterThan(0)
    await expectReplica(database, harness.committed)
  })

  test('commits all once though commits wait for a synchronous standby', async () => {
    const prng = new SeededPrng(7)
    await using server = await startPostgres({ settings: { fsync: 'off' } })
    await using database = await server.createDatabase()
    await database.query(workloadSchema)
    await using harness = harnessOf(database, workloadSource, prng)
    const workload = new Workload(database.connection, prng, 3)
    const standby = new MissingStandby(server)

    await harness.start()
    await killedRun(harness, prng, 60)
    await standby.stop()
    await workload.stop()
    // Else a chunk of the snapshot may bring the end before the others came.
    await streaming(harness)
    await database.query(`insert into acct values (-1, 0, 'end')`)
    await commitUntil(harness, isEnd)

    expect(standby.stallCount).toBeGreaterThan(0)
    await expectReplica(database, harness.committed)
  })
})

describe('a snapshot', () => {
  test('of a table without rows is followed by its changes', async () => {
    await using database = await newDatabase('create table t (id int primary key)')
    await using harness = harnessOf(database, { tables: ['public.t'] })
    await harness.start()

    await streaming(harness)
    await database.query('insert into t values (1)')
    await commitUntil(harness, (change) => change.operation === 'insert')

    expect(harness.committed.map(summary)).toEqual(['insert 1'])
  })

  test('alone ends, and makes neither slot nor publication', async () => {
    await using database = await newDatabase(workloadSchema)
    await using harness = harnessOf(database, { ...workloadSource, stream: 'never' })

    await harness.start()
    await harness.runUntil(() => harness.uncommittedCount > 1000)
    await harness.checkpoint()
    await harness.kill()
    await harness.start({ parallelism: 3 })
    await harness.runUntil(() => harness.ended)
    await harness.checkpoint()

    await expectReplica(database, harness.committed)
    const left = await database.query(
      `select from pg_replication_slots where database = current_database()
       union all select from pg_publication`,
    )
    expect(left).toEqual([])
  })

  test('reads nothing if it is told never to', async () => {
    await using database = await newDatabase(workloadSchema)
    await using harness = harnessOf(database, { tables: ['public.acct'], snapshot: 'never' })
    await harness.start()
    await harness.runUntil(() => harness.logged('streams changes') > 0)

    await database.query(`insert into acct values (-1, 0, 'end')`)
    await commitUntil(harness, isEnd)

    expect(harness.committed.map(summary)).toEqual(['insert -1'])
  })

  test('finds a slot that an attempt without checkpoint has left', async () => {
    await using database = await newDatabase(workloadSchema)
    await using harness = harnessOf(database, workloadSource)
    await harness.start()
    await harness.runUntil(() => harness.uncommittedCount > 100)
    await harness.kill()
    await database.query('update acct set v = 5 where id <= 500')

    await harness.start()
    await streaming(harness)
    await database.query(`insert into acct values (-1, 0, 'end')`)
    await commitUntil(harness, isEnd)

    expect(harness.logged('found the replication slot')).toBe(1)
    await expectReplica(database, harness.committed)
  })

  test.for(keyTypes())('is cut and joined by a key of type %s', async ([type, values]) => {
    await using database = await newDatabase(`
      create table t (id ${type} primary key, v int not null);
      insert into t select key, 0 from (select (${values}) as key
        from generate_series(1, 500) g) keys group by key`)
    await using harness = harnessOf(database, { tables: ['public.t'], snapshot: { chunkRows: 20 } })
    await harness.start()
    for (let i = 0; i < 20; i++) {
      await harness.step()
      await database.query(`
        with few as (select id from t tablesample bernoulli (5))
        update t set v = v + 1 where id in (select id from few)`)
      await database.query('delete from t where id = (select id from t order by random() limit 1)')
      if (i % 10 === 9) await harness.checkpoint()
    }

    await streaming(harness)
    await database.query('update t set v = -1 where id = (select id from t limit 1)')
    await commitUntil(harness, (change) => change.after?.['v'] === -1)

    const replica = new Replica(harness.committed)
    const rows = await database.query<{ v: number }>('select v from t order by v')
    expect(
      replica
        .rows('public.t')
        .map((row) => Number(row['v']))
        .toSorted(ascending),
    ).toEqual(rows.map(({ v }) => v))
    expect(harness.logged('read a chunk')).toBeGreaterThan(1)
  })
})

describe('what a source leaves on the server', () => {
  test('is dropped on request, once nobody reads it', async () => {
    await using database = await newDatabase('create table t (id int primary key)')
    const { connection } = database
    const options = { connection, tables: ['public.t'], slot: slotOf(database) }
    await using harness = harnessOf(database, options)
    await harness.start()
    await streaming(harness)
    const whileRunning = dropSlotAndPublication(options)
    await expect(whileRunning).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_SLOT_IN_USE' })
    await harness.kill()

    const removed = await eventually('the slot to be free', () => dropSlotAndPublication(options))
    const again = await dropSlotAndPublication(options)

    expect(removed).toEqual({ slot: options.slot, publication: options.slot })
    expect(again).toEqual({ slot: undefined, publication: undefined })
  })
})

describe('a change of the tables', () => {
  test('of columns is a record before the first change that has it', async () => {
    await using database = await newDatabase('create table t (id int primary key, a int)')
    await using harness = harnessOf(database, { tables: ['public.t'] })
    await harness.start()
    await streaming(harness)

    await database.query('insert into t values (1, 1)')
    await database.query('alter table t add column b numeric(5,2)')
    await database.query('alter table t alter column a type text')
    await database.query(`insert into t values (2, 'x', 1.5)`)
    await commitUntil(harness, (change) => change.key?.['id'] === 2)
    await harness.kill()
    await harness.start()
    await database.query(`insert into t values (3, 'y', null)`)
    await commitUntil(harness, (change) => change.key?.['id'] === 3)

    expect(harness.committed.map(summary)).toEqual(['insert 1', 'schema', 'insert 2', 'insert 3'])
    expect(harness.committed[1]?.schema).toEqual([
      { name: 'id', type: 'integer', key: true },
      { name: 'a', type: 'text', key: false },
      { name: 'b', type: 'numeric(5,2)', key: false },
    ])
    expect(harness.committed[2]?.after).toEqual({ id: 2, a: 'x', b: '1.50' })
  })

  test('by a truncate is one record', async () => {
    await using database = await newDatabase(`
      create table t (id int primary key); insert into t values (1), (2)`)
    await using harness = harnessOf(database, { tables: ['public.t'] })
    await harness.start()
    await streaming(harness)

    await database.query('truncate t')
    await database.query('insert into t values (3)')
    await commitUntil(harness, (change) => change.operation === 'insert')

    expect(harness.committed.map(summary).slice(2)).toEqual(['truncate', 'insert 3'])
  })

  test('by a truncate between chunks leaves what the table has', async () => {
    await using database = await newDatabase(`
      create table t (id int primary key, v int);
      insert into t select g, 0 from generate_series(1, 1000) g`)
    await using harness = harnessOf(database, { tables: ['public.t'], snapshot: { chunkRows: 50 } })
    await harness.start()
    await harness.runUntil(() => harness.logged('read a chunk') > 4)

    // Waits for the chunk that is being read, so the job must go on meanwhile.
    const truncated = database.query('begin; truncate t; insert into t values (1, 1); commit')
    let done = false
    void truncated.then(() => (done = true))
    await harness.runUntil(() => done)
    await database.query('insert into t select g, 2 from generate_series(900, 1000) g')
    await database.query('insert into t values (-1, 9)')
    await commitUntil(harness, isEnd)

    const replica = new Replica(harness.committed)
    const ids = replica.rows('public.t').map((row) => Number(row['id']))
    const rows = await database.query<{ id: number }>('select id from t order by id')
    expect(ids.toSorted(ascending)).toEqual(rows.map(({ id }) => id))
  })
})

function isEnd(change: Change): boolean {
  return change.key?.['id'] === -1
}

function summary(change: Change): string {
  const id = change.key?.['id']
  return typeof id === 'number' ? `${change.operation} ${id}` : change.operation
}

function ascending(a: number, b: number): number {
  return a - b
}

/** Types of keys, and an SQL expression over `g` that makes keys. */
function keyTypes(): readonly (readonly [type: string, values: string])[] {
  return [
    ['int8', '(g - 250) * 10000000000'],
    ['uuid', 'md5(g::text)::uuid'],
    ['numeric', `((g - 250) / 7.0)::numeric(20,6)`],
    ['text', `(array['ä','Z','a','é€','😀','b''"', E'\\\\', E'\\t', '\uFFFD'])[1 + g % 9] || g`],
    ['text collate "C"', `(array['ä','Z','a','é€','😀'])[1 + g % 5] || g`],
    ['char(4)', `chr(64 + g % 50) || (g / 50)`],
    ['bytea', `decode(md5(g::text), 'hex')`],
    ['timestamptz', `'2000-01-01'::timestamptz + (g - 250) * interval '3 years 1.5 seconds'`],
    ['date', `case g when 1 then 'infinity' else '0001-06-01'::date + (g - 250) * 100 end::date`],
    ['float8', `case g when 1 then 'NaN' when 2 then '-Infinity' else (g - 250) / 3.0 end`],
    ['inet', `('10.0.' || g % 256 || '.' || g / 256)::inet`],
    ['interval', `g * interval '7 hours'`],
  ]
}

/** Makes commits wait, now and then, for a standby that is not there. */
class MissingStandby {
  readonly #server: PostgresServer
  readonly #running: Promise<void>
  #stopped = false
  stallCount = 0

  constructor(server: PostgresServer) {
    this.#server = server
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    const client = new Client(this.#server.connection)
    await client.connect()
    while (!this.#stopped) {
      await this.#require(client, 'nobody')
      await client.query('select pg_sleep(0.2)')
      this.stallCount++
      await this.#require(client, '')
      await client.query('select pg_sleep(0.2)')
    }
    await client.end()
  }

  async #require(client: Client, names: string): Promise<void> {
    await client.query(`alter system set synchronous_standby_names = '${names}'`)
    await client.query('select pg_reload_conf()')
  }
}
