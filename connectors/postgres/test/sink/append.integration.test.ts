import { describe, expect, test } from 'vitest'
import { containing, matching } from '../support/matchers.ts'
import { newDatabase } from '../support/source-fixture.ts'
import { SinkRun, visibleIds, writeAll } from '../support/sink-fixture.ts'

const items = 'create table items (id int primary key, name text)'

describe('appended rows', () => {
  test('are visible when they were flushed, not before', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, { mode: 'append' })
    const writer = await run.writer()
    await writeAll(writer, [{ id: 1 }, { id: 2 }])
    const before = await visibleIds(database)

    await writer.flush(false)

    expect(before).toEqual([])
    expect(await visibleIds(database)).toEqual([1, 2])
  })

  test('that were not flushed are gone with the writer', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, { mode: 'append' })
    const writer = await run.writer()
    await writeAll(writer, [{ id: 1 }])

    await writer.close()

    expect(await visibleIds(database)).toEqual([])
  })

  test('go to the table of each record, with defaults for what it leaves out', async () => {
    await using database = await newDatabase(
      `create table a (id int generated always as identity, x int default 7, y text);
       create table "B c" (x int, "Y" text default 'none')`,
    )
    await using run = new SinkRun<Entry>(database.connection, {
      mode: 'append',
      table: ({ to }) => to,
      columns: { x: 'x', y: 'y', Y: 'Y' },
    })
    const writer = await run.writer()

    await writeAll(writer, [
      { to: 'a', y: 'first' },
      { to: 'public.B c', x: 1 },
      { to: 'a', x: 2, y: null },
      { to: 'B c', x: 3, Y: 'tab\t, line\n, \\N, \\. and "quotes"' },
    ])
    await writer.flush(false)

    expect(await database.query('select * from a order by x')).toEqual([
      { id: 2, x: 2, y: null },
      { id: 1, x: 7, y: 'first' },
    ])
    expect(await database.query('select * from "B c" order by x')).toEqual([
      { x: 1, Y: 'none' },
      { x: 3, Y: 'tab\t, line\n, \\N, \\. and "quotes"' },
    ])
  })

  test('run triggers with the search path of the database', async () => {
    await using database = await newDatabase(`${items}; create table seen (id int);
      create function see() returns trigger language plpgsql as
        'begin insert into seen values (new.id); return new; end';
      create trigger see before insert on items for each row execute function see()`)
    await using run = new SinkRun(database.connection, { mode: 'append' })
    const writer = await run.writer()

    await writeAll(writer, [{ id: 1 }])
    await writer.flush(true)

    expect(await database.query('select id from seen')).toEqual([{ id: 1 }])
  })

  test('are on the disk of the server, whatever its settings are', async () => {
    await using database = await newDatabase(`${items};
      create table settings (value text);
      create function note() returns trigger language plpgsql as
        'begin insert into settings values (current_setting(''synchronous_commit''));
          return new; end';
      create trigger note before insert on items for each row execute function note()`)
    const { connection } = database
    await database.query(`alter database "${connection.database}" set synchronous_commit = off`)
    await using run = new SinkRun(connection, { mode: 'append' })
    const writer = await run.writer()

    await writeAll(writer, [{ id: 1 }])
    await writer.flush(true)

    expect(await database.query('select value from settings')).toEqual([{ value: 'on' }])
  })
})

interface Entry {
  readonly to: string
  readonly x?: number
  readonly y?: string | null
  readonly Y?: string
}

describe('a failure', () => {
  test('of the server tells the table, the row and the column', async () => {
    await using database = await newDatabase(items)
    const columns = { id: 'id', name: 'id' } as const
    await using run = new SinkRun<{ id: string }>(database.connection, { mode: 'append', columns })
    const writer = await run.writer()
    await writeAll(writer, [{ id: '1' }, { id: 'seven' }])

    const flushed = writer.flush(false)

    await expect(flushed).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_QUERY_FAILED',
      message: matching(
        /^writing to the table "public\.items" failed.*22P02\), in COPY items, line 2, column id/,
      ),
    })
  })

  test('of a deferred constraint is told at the commit', async () => {
    await using database = await newDatabase(`create table parents (id int primary key);
      create table items (id int references parents deferrable initially deferred)`)
    await using run = new SinkRun(database.connection, { mode: 'append' })
    const writer = await run.writer()
    await writeAll(writer, [{ id: 1 }])

    await expect(writer.flush(false)).rejects.toMatchObject({
      message: containing('23503'),
    })
  })

  test('is told for a field that has no column', async () => {
    await using database = await newDatabase(items)
    const record = { id: 1, nmae: 'x' }
    await using run = new SinkRun<typeof record>(database.connection, { mode: 'append' })
    const writer = await run.writer()

    await expect(writeAll(writer, [record])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_COLUMN_INVALID',
      message: 'table "public.items" has no column "nmae"',
      hint: 'Did you mean "name"?',
    })
  })

  test('is told for a value that its column cannot hold, and for an empty record', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun<{ id?: unknown }>(database.connection, { mode: 'append' })

    await expect(writeAll(await run.writer(), [{ id: { a: 1 } }])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_VALUE_INVALID',
      message: containing('column "id" of table "public.items", integer, cannot hold'),
    })
    const empty = writeAll(await run.writer(), [{}])
    await expect(empty).rejects.toMatchObject({ code: 'FLINKTS_POSTGRES_VALUE_INVALID' })
  })

  test('is told for a table that a record names and that is not there', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, { mode: 'append', table: () => 'nowhere' })
    const writer = await run.writer()

    await expect(writeAll(writer, [{ id: 1 }])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_TABLE_MISSING',
    })
  })
})
