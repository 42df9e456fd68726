import { eventually } from '@flinkts/test-services'
import type { PostgresDatabase } from '@flinkts/test-services'
import { describe, expect, test } from 'vitest'
import type { PostgresSinkMode, RowChange } from '../../src/index.ts'
import { containing } from '../support/matchers.ts'
import { preparedOne, SinkRun, type SinkOptions, writeAll } from '../support/sink-fixture.ts'
import { newDatabase } from '../support/source-fixture.ts'

const modes = ['upsert', 'twoPhase', 'staged'] as const
type Mode = (typeof modes)[number]

const upsert = (row: object, table?: string): RowChange => ({ operation: 'upsert', row, table })
const remove = (key: object): RowChange => ({ operation: 'delete', key })
const insert = (row: object): RowChange => ({ operation: 'insert', row })

/** Options of a sink whose records are changes. */
function changesInto(
  mode: PostgresSinkMode,
  options: SinkOptions<RowChange> = {},
): SinkOptions<RowChange> {
  return { mode, write: (change) => change, ...options }
}

/** Writes and commits the changes of each checkpoint. */
async function apply(
  database: PostgresDatabase,
  mode: Mode,
  checkpoints: readonly (readonly RowChange[])[],
  { attempt = 1, ...options }: SinkOptions<RowChange> & { readonly attempt?: number } = {},
): Promise<void> {
  await using run = new SinkRun<RowChange>(database.connection, changesInto(mode, options))
  const writer = await run.writer({ attempt })
  const committer = mode === 'upsert' ? undefined : await run.committer()
  for (const [index, changes] of checkpoints.entries()) {
    await writeAll(writer, changes)
    await writer.flush(false)
    for (const committable of (await writer.prepareCommit?.(index + 1)) ?? []) {
      await committer?.commit(committable as never)
    }
  }
}

const rowsOf = (database: PostgresDatabase): Promise<unknown[]> =>
  database.query('select * from items order by 1, 2')

describe.each(modes)('by key, "%s"', (mode) => {
  test('writes, changes and deletes rows, over checkpoints and within one', async () => {
    await using database = await newDatabase('create table items (id int primary key, name text)')

    await apply(database, mode, [
      [upsert({ id: 1, name: 'a' }), upsert({ id: 2, name: 'b' }), upsert({ id: 3, name: 'c' })],
      [upsert({ id: 1, name: 'a2' }), remove({ id: 2 }), remove({ id: 9 })],
      [remove({ id: 3 }), upsert({ id: 3, name: 'c2' }), upsert({ id: 4 }), remove({ id: 4 })],
    ])

    expect(await rowsOf(database)).toEqual([
      { id: 1, name: 'a2' },
      { id: 3, name: 'c2' },
    ])
  })

  test('a row that comes again after its deletion has its defaults', async () => {
    await using database = await newDatabase(
      `create table items (id int primary key, a text default 'none', b text)`,
    )

    await apply(database, mode, [
      [upsert({ id: 1, a: 'x', b: 'y' })],
      [remove({ id: 1 }), upsert({ id: 1, b: 'z' })],
    ])

    expect(await rowsOf(database)).toEqual([{ id: 1, a: 'none', b: 'z' }])
  })

  test('a row keeps what a change leaves out, even what may not be null', async () => {
    await using database = await newDatabase(
      'create table items (id int primary key, body text not null, n int)',
    )

    await apply(database, mode, [[upsert({ id: 1, body: 'x', n: 1 })], [upsert({ id: 1, n: 2 })]])

    expect(await rowsOf(database)).toEqual([{ id: 1, body: 'x', n: 2 }])
  })

  test('a row that is not there, and leaves out what may not be null, is an error', async () => {
    await using database = await newDatabase(
      'create table items (id int primary key, body text not null, n int)',
    )

    const applied = apply(database, mode, [[upsert({ id: 1, n: 2 }), upsert({ id: 2, n: 2 })]])

    await expect(applied).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_VALUE_MISSING',
      message: containing('2 rows for table "public.items" are not there yet'),
    })
  })

  test('keys of several columns, and of types with several texts, are one row', async () => {
    await using database = await newDatabase(
      `create table items (n numeric, t timestamptz, v int, primary key (t, n))`,
    )
    const day = '2024-05-06T00:00:00.000000Z'

    await apply(database, mode, [
      [upsert({ n: '1.0', t: day, v: 1 }), upsert({ n: '1.00', t: day, v: 2 })],
      [upsert({ n: 1, t: new Date(day), v: 3 }), upsert({ n: 2, t: day, v: 4 })],
      [remove({ n: '2.000', t: day })],
    ])

    expect(await rowsOf(database)).toMatchObject([{ n: '1.00', v: 3 }])
  })

  test('a unique index other than the primary key may be the key', async () => {
    await using database = await newDatabase(
      `create table items (id int generated always as identity primary key, a text, b text);
       create unique index on items (a, b)`,
    )
    const options = { key: ['b', 'a'] }

    await apply(
      database,
      mode,
      [[upsert({ a: 'x', b: 'y' })], [upsert({ a: 'x', b: 'y' }), upsert({ a: 'x', b: 'z' })]],
      options,
    )

    expect(await database.query('select a, b from items order by b')).toEqual([
      { a: 'x', b: 'y' },
      { a: 'x', b: 'z' },
    ])
  })

  test('a partitioned table takes rows, and moves them between its partitions', async () => {
    await using database = await newDatabase(
      `create table items (id int, day date, v int, primary key (id, day)) partition by range (day);
       create table early partition of items for values from (minvalue) to ('2024-01-01');
       create table late partition of items for values from ('2024-01-01') to (maxvalue)`,
    )

    await apply(database, mode, [
      [upsert({ id: 1, day: '2023-05-06', v: 1 }), upsert({ id: 2, day: '2023-05-06', v: 1 })],
      [remove({ id: 1, day: '2023-05-06' }), upsert({ id: 1, day: '2024-05-06', v: 2 })],
    ])

    expect(await database.query('select id from early')).toEqual([{ id: 2 }])
    expect(await database.query('select id, v from late')).toEqual([{ id: 1, v: 2 }])
  })

  test('values of all kinds of types arrive as they are', async () => {
    await using database = await newDatabase(
      `create type mood as enum ('low', 'high'); create domain amount as numeric check (value > 0);
       create table items (id bigint primary key, c char(3), v varchar(5), bits bit(3),
         list int[], texts text[], deep int[][], m mood, d amount, area box, doc jsonb,
         raw json, b bytea, made int generated always as (1) stored)`,
    )
    const row = { id: 2n ** 60n, c: 'ab', v: 'x"y\\,', bits: '101' }
    const lists = {
      list: [1, null, 3],
      texts: ['a,b', '"', '\\', 'NULL', '', ' ', null],
      deep: [[1], [2]],
    }
    const rest = {
      m: 'high',
      d: '1.5',
      area: '(2,2),(1,1)',
      doc: { a: ['"', 1] },
      raw: '{"b":  1}',
    }

    await apply(database, mode, [
      [upsert({ id: row.id, ...rest, m: 'low' })],
      [upsert({ ...row, ...lists, ...rest, b: new Uint8Array([0, 255]) })],
    ])

    expect(await database.query('select *, raw::text as raw from items')).toEqual([
      {
        ...{ ...row, id: String(row.id), c: 'ab ' },
        ...{ ...lists, ...rest, b: Buffer.from([0, 255]), made: 1 },
      },
    ])
  })

  test('a value that is too long is an error, and not cut', async () => {
    await using database = await newDatabase(
      'create table items (id int primary key, v varchar(3), c char(2), list varchar(3)[])',
    )

    const rows = [{ v: 'long' }, { c: 'long' }, { list: ['long'] }]
    for (const [index, wrong] of rows.entries()) {
      const applied = apply(database, mode, [[upsert({ id: 1, ...wrong })]], {
        attempt: index + 1,
      })
      await expect(applied).rejects.toMatchObject({ message: containing('22001') })
    }
  })
})

describe.each(['twoPhase', 'staged'] as const)('with inserts among them, "%s"', (mode) => {
  test('changes of a table keep their order', async () => {
    await using database = await newDatabase('create table items (id int primary key, name text)')

    await apply(database, mode, [
      [insert({ id: 1 }), remove({ id: 1 }), insert({ id: 1, name: 'again' }), insert({ id: 2 })],
      [remove({ id: 2 }), insert({ id: 2, name: 'again' }), upsert({ id: 2, name: 'last' })],
    ])

    expect(await rowsOf(database)).toEqual([
      { id: 1, name: 'again' },
      { id: 2, name: 'last' },
    ])
  })

  test('a table without a key takes inserts, and refuses the rest', async () => {
    await using database = await newDatabase('create table items (id int, name text)')

    await apply(database, mode, [[insert({ id: 1, name: 'a' })]])
    const refused = apply(database, mode, [[remove({ id: 1 })]])

    await expect(refused).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_KEY_MISSING',
      hint: containing('ALTER TABLE "public"."items" ADD PRIMARY KEY'),
    })
    expect(await rowsOf(database)).toEqual([{ id: 1, name: 'a' }])
  })
})

describe('several tables', () => {
  test('are written by one sink, as each change says', async () => {
    await using database = await newDatabase(
      `create table items (id int primary key); create table others (id int primary key, n int)`,
    )

    await apply(database, 'upsert', [
      [upsert({ id: 1 }), upsert({ id: 1, n: 1 }, 'others'), upsert({ id: 1, n: 2 }, 'others')],
    ])

    expect(await database.query('select * from items')).toEqual([{ id: 1 }])
    expect(await database.query('select * from others')).toEqual([{ id: 1, n: 2 }])
  })
})

describe('a key that is written in every checkpoint', () => {
  test('waits, where transactions are prepared, until the one before is committed', async () => {
    await using database = await newDatabase('create table items (id int primary key, n int)')
    await using run = new SinkRun<RowChange>(database.connection, changesInto('twoPhase'))
    const writer = await run.holding()
    const committer = await run.committer()
    const first = await preparedOne(writer, [upsert({ id: 1, n: 1 })])
    await writeAll(writer, [upsert({ id: 1, n: 2 })])
    const second = writer.prepareCommit(2)
    await eventually('the second transaction to wait', async () => {
      const waiting = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
      expect(await database.query(waiting)).toHaveLength(1)
    })

    await committer.commit(first)

    for (const committable of await second) await committer.commit(committable)
    expect(await rowsOf(database)).toEqual([{ id: 1, n: 2 }])
  })

  test('ends in an error if the checkpoint before is never complete', async () => {
    await using database = await newDatabase('create table items (id int primary key, n int)')
    const options = changesInto('twoPhase', { lockTimeoutMs: 100 })
    await using run = new SinkRun<RowChange>(database.connection, options)
    const writer = await run.holding()
    await preparedOne(writer, [upsert({ id: 1, n: 1 })])
    await writeAll(writer, [upsert({ id: 1, n: 2 })])

    await expect(writer.prepareCommit(2)).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_QUERY_INTERRUPTED',
      retryable: true,
    })
  })

  test('waits for nothing where rows are staged, complete or not', async () => {
    await using database = await newDatabase('create table items (id int primary key, n int)')
    await using run = new SinkRun<RowChange>(database.connection, changesInto('staged'))
    const writer = await run.holding()
    const committables = []
    for (const id of [1, 2, 3]) {
      await writeAll(writer, [upsert({ id: 1, n: id })])
      committables.push(...(await writer.prepareCommit(id)))
    }

    const committer = await run.committer()
    for (const committable of committables) await committer.commit(committable)

    expect(await rowsOf(database)).toEqual([{ id: 1, n: 3 }])
  })
})
