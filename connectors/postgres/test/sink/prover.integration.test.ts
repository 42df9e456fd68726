import { silentLogger, type SinkProver } from '@flinkts/core/connector'
import type { PostgresDatabase } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { postgresDriver } from '../../src/client.ts'
import { postgresSinkOver } from '../../src/sink/sink.ts'
import { newDatabase } from '../support/source-fixture.ts'
import { subtaskContext } from '../support/subtask-context.ts'

interface Row {
  readonly id: number
  readonly label?: string
}

const schema = `
  create sequence extra;
  create table plain (id int);
  create table numbered (place serial, label text default 'n' || nextval('extra'),
    id int primary key, kind text default 'plain', at timestamptz default now(),
    twice int generated always as (id * 2) stored);
  create table "Odd ""one""" (id int, label text, number int generated always as identity)`

/** Even ids go into one table, odd ones into the other. */
function proverOf(database: PostgresDatabase): Promise<SinkProver<Row>> {
  const { host, port, user, password, database: name } = database.connection
  const sink = postgresSinkOver<Row>(postgresDriver, {
    connection: { host, port, user, password, database: name },
    mode: 'twoPhase',
    table: ({ id }) => {
      if (id < 0) return 'plain'
      return id % 2 === 0 ? 'numbered' : 'public.Odd "one"'
    },
    tables: ['numbered', 'Odd "one"'],
  })
  return sink.prover()
}

/** Writes rows into a copy, prepares them, and commits them unless told not to. */
async function write(
  prover: SinkProver<Row>,
  copy: string,
  { rows, commit = true }: { readonly rows: readonly Row[]; readonly commit?: boolean },
): Promise<void> {
  const sink = prover.createSink(copy)
  const context = subtaskContext({ operatorId: 'rows', logger: silentLogger })
  const writer = await sink.createWriter(context, [])
  try {
    for (const row of rows) await writer.write(row, { timestamp: undefined })
    const flushed = writer.flush(false)
    const prepared = (await writer.prepareCommit?.(1)) ?? []
    await flushed
    const committer = await sink.createCommitter?.(context)
    for (const each of commit ? prepared : []) await committer?.commit(each)
    await committer?.close()
  } finally {
    await writer.close()
  }
}

test('rows of all copied tables are records, by their key, without what differs', async () => {
  await using database = await newDatabase(schema)
  const prover = await proverOf(database)
  const copy = await prover.setup()

  await write(prover, copy, { rows: [{ id: 2 }, { id: 3, label: 'three' }] })

  expect(await prover.readCommitted(copy)).toEqual([
    {
      key: 'public.numbered: ["2"]',
      text: 'public.numbered: {"id":"2","kind":"plain","twice":"4"}',
    },
    { text: 'public.Odd "one": {"id":"3","label":"three"}' },
  ])
  expect(await prover.leavesOut?.(copy)).toEqual([
    '"place", "label", "at" of public.numbered: their defaults differ from run to run',
    '"number" of public.Odd "one": their defaults differ from run to run',
  ])
  await prover.clean(copy)
})

test('a copy takes nothing from the real tables, nor from their sequences', async () => {
  await using database = await newDatabase(schema)
  const prover = await proverOf(database)
  const copy = await prover.setup()

  await write(prover, copy, { rows: [{ id: 2 }, { id: 4 }, { id: 5 }] })

  const [row] = await database.query(
    `select
       (select count(*)::int from numbered) + (select count(*)::int from "Odd ""one""") as rows,
       (select is_called from numbered_place_seq) or (select is_called from extra) as drawn`,
  )
  expect(row).toEqual({ rows: 0, drawn: false })
  await prover.clean(copy)
})

test('what is prepared in a copy is in flight, and goes with it', async () => {
  await using database = await newDatabase(schema)
  const prover = await proverOf(database)
  const [copy, other] = [await prover.setup(), await prover.setup()]

  await write(prover, copy, { rows: [{ id: 2 }], commit: false })

  const inFlight = await prover.listInFlight(copy)
  expect(inFlight).toEqual([expect.stringMatching(/^flinkts_/)])
  expect(await prover.listInFlight(other)).toEqual([])
  expect(await prover.readCommitted(copy)).toEqual([])
  await prover.clean(other)
  expect(await prover.listInFlight(copy)).toEqual(inFlight)
  await prover.clean(copy)
  const left = await database.query(
    `select gid from pg_prepared_xacts where database = current_database()
     union all select nspname from pg_namespace where nspname like 'flinkts%'`,
  )
  expect(left).toEqual([])
})

test('a copy is removed while a connection still writes to it', async () => {
  await using database = await newDatabase(schema)
  const prover = await proverOf(database)
  const copy = await prover.setup()
  const context = subtaskContext({ operatorId: 'rows', logger: silentLogger })
  const writer = await prover.createSink(copy).createWriter(context, [])
  await writer.write({ id: 2 }, { timestamp: undefined })
  await writer.flush(false)

  await prover.clean(copy)

  const left = await database.query(`select from pg_namespace where nspname = '${copy}'`)
  expect(left).toEqual([])
  await writer.close()
})

test('a record for a table that was not copied is refused', async () => {
  await using database = await newDatabase(schema)
  const prover = await proverOf(database)
  const copy = await prover.setup()

  await expect(write(prover, copy, { rows: [{ id: -1 }] })).rejects.toMatchObject({
    code: 'FLINKTS_PROVE_UNSUPPORTED',
    message: 'there is no copy of the table "plain"',
  })
  await prover.clean(copy)
})
