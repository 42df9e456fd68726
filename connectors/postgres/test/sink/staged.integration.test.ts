import { startPostgres } from '@flinkts/test-services'
import type { PostgresDatabase } from '@flinkts/test-services'
import { describe, expect, test } from 'vitest'
import { Connections } from '../support/connections.ts'
import { containing } from '../support/matchers.ts'
import {
  breakingDriver,
  prepared,
  preparedOne,
  SinkRun,
  visibleIds,
  writeAll,
} from '../support/sink-fixture.ts'
import { newDatabase } from '../support/source-fixture.ts'

const items = 'create table items (id int primary key, name text)'
const staged = { mode: 'staged' } as const

/** Of what is staged, each transaction once. */
async function stagedNames(database: PostgresDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    'select distinct transaction as name from flinkts_staging order by 1',
  )
  return rows.map(({ name }) => name)
}

describe('staged rows', () => {
  test('become visible when they are committed, and are staged no more', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const committable = await preparedOne(await run.holding(), [
      { id: 1 },
      { id: 2, name: 'tab\t, line\n, \\N, \\. and "quotes" 🙂' },
    ])
    const before = [await visibleIds(database), await stagedNames(database)]

    const outcome = await (await run.committer()).commit(committable)

    expect(before).toEqual([[], [committable.transaction]])
    expect(outcome).toEqual({ status: 'committed' })
    expect(await database.query('select * from items order by id')).toEqual([
      { id: 1, name: null },
      { id: 2, name: 'tab\t, line\n, \\N, \\. and "quotes" 🙂' },
    ])
    expect(await stagedNames(database)).toEqual([])
    expect(await database.query('select checkpoint_id, rows from flinkts_ledger')).toEqual([
      { checkpoint_id: '1', rows: '2' },
    ])
  })

  test('are durable: the table is logged', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)

    await run.holding()

    const query = `select relpersistence as kind from pg_class where relname = 'flinkts_staging'`
    expect(await database.query(query)).toEqual([{ kind: 'p' }])
  })

  test('of a checkpoint hold no locks that the next one waits for', async () => {
    await using database = await newDatabase(`${items};
      create table total (n int); insert into total values (0);
      create function count_item() returns trigger language plpgsql as
        'begin update public.total set n = n + 1; return new; end';
      create trigger count_item before insert on items
        for each row execute function count_item()`)
    await using run = new SinkRun(database.connection, staged)
    const writer = await run.holding()

    const first = await prepared(writer, [{ id: 1 }], 1)
    const second = await prepared(writer, [{ id: 2 }], 2)

    const committer = await run.committer()
    for (const committable of [...first, ...second]) await committer.commit(committable)
    expect(await database.query('select n from total')).toEqual([{ n: 2 }])
  })

  test('may be many more than fit into a batch', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const name = 'x'.repeat(2_000)
    const records = Array.from({ length: 5_000 }, (_, id) => ({ id, name }))
    const committable = await preparedOne(await run.holding(), records)

    await (await run.committer()).commit(committable)

    expect(committable.rows).toBe(5_000)
    expect(await visibleIds(database)).toHaveLength(5_000)
  })
})

test('triggers may do what a prepared transaction cannot', async () => {
  await using database = await newDatabase(`${items};
    create function note() returns trigger language plpgsql as
      'begin create temp table if not exists notes (id int); return new; end';
    create trigger note before insert on items for each row execute function note()`)
  await using run = new SinkRun(database.connection, staged)
  await using preparing = new SinkRun(database.connection)

  const committable = await preparedOne(await run.holding(), [{ id: 1 }])
  await (await run.committer()).commit(committable)
  const refused = prepared(await preparing.holding({ attempt: 2 }), [{ id: 2 }], 2)

  await expect(refused).rejects.toMatchObject({ message: containing('SQLSTATE 0A000') })
  expect(await visibleIds(database)).toEqual([1])
})

describe('a commit of staged rows', () => {
  test('may be repeated, by another committer, and at a time', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    const committers = await Promise.all(Array.from({ length: 5 }, () => run.committer()))

    const outcomes = await Promise.all(committers.map((each) => each.commit(committable)))

    const done = outcomes.filter(({ status }) => status === 'committed')
    expect(done).toHaveLength(1)
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(
      new Set(['committed', 'already-committed']),
    )
    expect(await visibleIds(database)).toEqual([1])
  })

  test.each(['before', 'after'] as const)(
    'whose connection is lost %s it is done is tried again',
    async (loss) => {
      await using database = await newDatabase(items)
      await using run = new SinkRun(database.connection, staged)
      const committable = await preparedOne(await run.holding(), [{ id: 1 }])
      const driver = breakingDriver('COMMIT', loss)
      await using broken = new SinkRun(database.connection, staged, driver)
      const committer = await broken.committer()

      const first = await committer.commit(committable)
      const second = await committer.commit(committable)

      expect(first).toMatchObject({ status: 'retry' })
      expect(second.status).toBe(loss === 'before' ? 'committed' : 'already-committed')
      expect(await visibleIds(database)).toEqual([1])
    },
  )

  test('of what someone removed by hand fails loudly', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    await database.query('delete from flinkts_staging')

    const committed = (await run.committer()).commit(committable)

    await expect(committed).rejects.toMatchObject({
      code: 'FLINKTS_COMMIT_REJECTED',
      message: containing('1 rows are missing'),
    })
    expect(await database.query('select from flinkts_ledger')).toEqual([])
  })

  test('of a row that the table refuses fails, and succeeds once the table takes it', async () => {
    await using database = await newDatabase(`${items};
      alter table items add constraint named check (name is not null)`)
    await using run = new SinkRun(database.connection, staged)
    const committable = await preparedOne(await run.holding(), [{ id: 1, name: null }])
    const committer = await run.committer()

    const refused = committer.commit(committable)

    await expect(refused).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_QUERY_FAILED',
      message: containing('SQLSTATE 23514'),
    })
    await database.query('alter table items drop constraint named')
    expect(await committer.commit(committable)).toEqual({ status: 'committed' })
    expect(await visibleIds(database)).toEqual([1])
  })

  test('is not held up by the connection of an attempt that was frozen in its middle', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    await using connections = new Connections(database.connection)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    const { transaction } = committable
    const name = transaction.replace(/_1_0_\d+$/, '_1_commit')
    const frozen = await connections.sql()
    await frozen.execute(`SET application_name = '${name}'`)
    await frozen.execute('BEGIN')
    await frozen.query(
      `insert into public.flinkts_ledger (job_id, operator_id, subtask, checkpoint_id, rows)
       values ('k3x9q0a1b2', 'rows', 0, 1, 1)`,
    )

    const committer = await run.committer({ attempt: 2 })

    expect(await committer.commit(committable)).toEqual({ status: 'committed' })
    expect(await visibleIds(database)).toEqual([1])
  })
})

describe('a start', () => {
  test('removes what earlier attempts staged for no checkpoint, and nothing else', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const orphan = await preparedOne(await run.holding(), [{ id: 1 }])
    const other = await preparedOne(await run.holding({ jobId: 'k3x9q0a1b22' }), [{ id: 2 }])

    await run.holding({ attempt: 2 })

    expect(await stagedNames(database)).toEqual([other.transaction])
    const committer = await run.committer()
    await expect(committer.commit(orphan)).rejects.toMatchObject({
      code: 'FLINKTS_COMMIT_REJECTED',
    })
    expect(await committer.commit(other)).toEqual({ status: 'committed' })
  })

  test('ends writers of earlier attempts that still stage', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const frozen = await run.holding()
    await writeAll(frozen, [{ id: 1 }])

    await run.holding({ attempt: 2 })

    await expect(frozen.prepareCommit(1)).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
    })
    expect(await stagedNames(database)).toEqual([])
  })

  test('with another mode removes them too', async () => {
    await using database = await newDatabase(items)
    await using before = new SinkRun(database.connection, staged)
    await prepared(await before.holding(), [{ id: 1 }])

    await using after = new SinkRun(database.connection)
    await after.holding({ attempt: 2 })

    expect(await stagedNames(database)).toEqual([])
  })

  test('tells what another run of the same operator has left', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, staged)
    const { transaction } = await preparedOne(await run.holding({ jobId: 'anolderrun' }), [
      { id: 1 },
    ])

    await run.holding()

    expect(run.logger.lines).toMatchObject([
      { level: 'warn', fields: { transactions: transaction, hint: containing('DELETE FROM') } },
    ])
  })
})

describe('on a server without prepared transactions', () => {
  test('rows are staged, whether that was said or is the choice of "auto"', async () => {
    await using server = await startPostgres({ settings: { max_prepared_transactions: '0' } })
    await server.query(items)
    for (const [index, mode] of (['staged', 'auto'] as const).entries()) {
      await using run = new SinkRun(server.connection, { mode })
      const [committable] = await prepared(await run.holding(), [{ id: index }], index)

      const outcome = committable && (await (await run.committer()).commit(committable))

      expect([committable?.held, outcome?.status]).toEqual(['staged', 'committed'])
    }
    expect(await server.query('select id from items order by id')).toEqual([{ id: 0 }, { id: 1 }])
  })
})
