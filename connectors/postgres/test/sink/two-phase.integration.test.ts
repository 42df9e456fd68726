import { eventually } from '@flinkts/test-services'
import { describe, expect, test } from 'vitest'
import { containing } from '../support/matchers.ts'
import { prepareTransaction } from '../../src/sink/prepare.ts'
import { Connections } from '../support/connections.ts'
import { newDatabase } from '../support/source-fixture.ts'
import {
  breakingDriver,
  prepared,
  preparedOne,
  preparedNames,
  SinkRun,
  visibleIds,
  writeAll,
} from '../support/sink-fixture.ts'

const items = 'create table items (id int primary key, name text)'

describe('a checkpoint', () => {
  test('makes its rows visible when it is committed, and notes that in the ledger', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const writer = await run.holding()
    const [committable] = await prepared(writer, [{ id: 1 }, { id: 2, name: 'b' }], 7)
    const before = await visibleIds(database)

    const committer = await run.committer()
    const outcome = committable && (await committer.commit(committable))

    expect(before).toEqual([])
    expect(outcome).toEqual({ status: 'committed' })
    expect(await visibleIds(database)).toEqual([1, 2])
    expect(await preparedNames(database)).toEqual([])
    const ledger = await database.query(
      'select job_id, operator_id, subtask, checkpoint_id, rows from flinkts_ledger',
    )
    expect(ledger).toEqual([
      { job_id: 'k3x9q0a1b2', operator_id: 'rows', subtask: 0, checkpoint_id: '7', rows: '2' },
    ])
  })

  test('without records prepares nothing', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const writer = await run.holding()

    const committables = await prepared(writer, [])

    expect(committables).toEqual([])
    expect(await preparedNames(database)).toEqual([])
  })

  test('cuts at the call: what follows belongs to the next one', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const writer = await run.holding()
    await writeAll(writer, [{ id: 1 }])

    const first = writer.prepareCommit(1)
    await writeAll(writer, [{ id: 2 }])
    const second = writer.prepareCommit(2)

    const committer = await run.committer()
    for (const committable of await first) await committer.commit(committable)
    expect(await visibleIds(database)).toEqual([1])
    for (const committable of await second) await committer.commit(committable)
    expect(await visibleIds(database)).toEqual([1, 2])
  })

  test('carries many more rows than fit into a batch', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const writer = await run.holding()
    const name = 'x'.repeat(2_000)
    const records = Array.from({ length: 5_000 }, (_, id) => ({ id, name }))

    const committables = await prepared(writer, records)

    expect(committables).toMatchObject([{ rows: 5_000 }])
    const committer = await run.committer()
    for (const committable of committables) await committer.commit(committable)
    expect(await visibleIds(database)).toHaveLength(5_000)
  })

  test('is committed while rows of the next one wait for its locks', async () => {
    await using database = await newDatabase(`${items};
      create table total (n int); insert into total values (0);
      create function count_item() returns trigger language plpgsql as
        'begin update public.total set n = n + 1; return new; end';
      create trigger count_item before insert on items
        for each row execute function count_item()`)
    await using run = new SinkRun(database.connection)
    const writer = await run.holding()
    const first = await prepared(writer, [{ id: 1 }], 1)
    await writeAll(writer, [{ id: 2 }])
    const second = writer.prepareCommit(2)
    await eventually('the second transaction to wait', async () => {
      const waiting = await database.query(
        `select from pg_stat_activity where wait_event_type = 'Lock'`,
      )
      expect(waiting).toHaveLength(1)
    })

    const committer = await run.committer()
    for (const committable of first) await committer.commit(committable)

    for (const committable of await second) await committer.commit(committable)
    expect(await database.query('select n from total')).toEqual([{ n: 2 }])
  })
})

describe('a commit', () => {
  test('may be repeated, by another committer, too', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    const first = await run.committer()
    await first.commit(committable)

    const again = await first.commit(committable)
    const later = await (await run.committer({ attempt: 2 })).commit(committable)

    expect([again, later]).toEqual([
      { status: 'already-committed' },
      { status: 'already-committed' },
    ])
    expect(await visibleIds(database)).toEqual([1])
  })

  test('of what someone rolled back by hand fails loudly', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    await database.query(`rollback prepared '${committable.transaction}'`)

    const committed = (await run.committer()).commit(committable)

    await expect(committed).rejects.toMatchObject({
      code: 'FLINKTS_COMMIT_REJECTED',
      message: containing('1 rows are missing'),
    })
  })

  test.each(['before', 'after'] as const)(
    'whose connection is lost %s it is done is tried again',
    async (loss) => {
      await using database = await newDatabase(items)
      const driver = breakingDriver('COMMIT PREPARED', loss)
      await using run = new SinkRun(database.connection, {}, driver)
      const committable = await preparedOne(await run.holding(), [{ id: 1 }])
      const committer = await run.committer()

      const first = await committer.commit(committable)
      const second = await committer.commit(committable)

      expect(first).toMatchObject({ status: 'retry' })
      expect(second.status).toBe(loss === 'before' ? 'committed' : 'already-committed')
      expect(await visibleIds(database)).toEqual([1])
    },
  )
})

describe('the ledger', () => {
  test('forgets what is never asked for again, of the subtask that says so', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const other = await preparedOne(await run.holding({ subtask: 1, parallelism: 2 }), [{ id: 0 }])
    await (await run.committer()).commit(other)
    const writer = await run.holding({ parallelism: 2 })
    const committer = await run.committer()
    for (const checkpointId of [1, 2, 150, 151]) {
      for (const committable of await prepared(writer, [{ id: checkpointId }], checkpointId)) {
        await committer.commit(committable)
      }
    }

    await committer.forget?.(150)

    const rows = await database.query(
      'select subtask, checkpoint_id::int as id from flinkts_ledger order by 1, 2',
    )
    expect(rows).toEqual([
      { subtask: 0, id: 150 },
      { subtask: 0, id: 151 },
      { subtask: 1, id: 1 },
    ])
  })
})

describe('a transaction', () => {
  test('that was prepared although the answer was lost is used', async () => {
    await using database = await newDatabase(items)
    const driver = breakingDriver('PREPARE TRANSACTION', 'after')
    await using run = new SinkRun(database.connection, {}, driver)
    const writer = await run.holding()

    const first = await prepared(writer, [{ id: 1 }], 1)
    const second = await prepared(writer, [{ id: 2 }], 2)

    const committer = await run.committer()
    for (const committable of [...first, ...second]) await committer.commit(committable)
    expect(await visibleIds(database)).toEqual([1, 2])
    expect(await preparedNames(database)).toEqual([])
  })

  test('that was not prepared because the connection was lost fails its checkpoint', async () => {
    await using database = await newDatabase(items)
    const driver = breakingDriver('PREPARE TRANSACTION', 'before')
    await using run = new SinkRun(database.connection, {}, driver)
    const writer = await run.holding()

    const committables = prepared(writer, [{ id: 1 }])

    await expect(committables).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
      retryable: true,
    })
    expect(await preparedNames(database)).toEqual([])
  })

  test('that has failed is not taken for prepared', async () => {
    await using database = await newDatabase(items)
    await using connections = new Connections(database.connection)
    const client = await connections.sql()
    await client.execute('BEGIN')
    await client.query('select 1/0').catch(() => undefined)

    const attempt = prepareTransaction(client, 'flinkts_x')

    await expect(attempt).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_TRANSACTION_LOST',
      retryable: true,
    })
  })

  test('is lost with its connection, and every later call says so', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const writer = await run.holding()
    await prepared(writer, [{ id: 1 }], 1)
    await database.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where application_name like 'flinkts%' and datname = current_database()`,
    )
    const lost = { code: 'FLINKTS_POSTGRES_CONNECTION_FAILED', retryable: true }

    await expect(prepared(writer, [{ id: 2 }], 2)).rejects.toMatchObject(lost)
    await expect(prepared(writer, [{ id: 3 }], 3)).rejects.toMatchObject(lost)
  })
})

describe('two subtasks', () => {
  test('that deadlock fail one of them, for a restart', async () => {
    await using database = await newDatabase(`create table a (id int primary key, name text);
      create table b (id int primary key, name text)`)
    const table = ({ table: name }: Placed): string => name
    const columns = { id: 'id', name: 'name' } as const
    await using run = new SinkRun<Placed>(database.connection, { table, columns })
    const one = await run.holding({ parallelism: 2 })
    const two = await run.holding({ subtask: 1, parallelism: 2 })
    await writeAll(one, [placed('a', 1), placed('a', 2, large)])
    await writeAll(two, [placed('b', 1), placed('b', 2, large)])
    await eventually('both to have sent rows', async () => {
      const idle = await database.query(
        `select from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
      )
      expect(idle).toHaveLength(2)
    })

    const ends = await Promise.allSettled([
      prepared(one, [placed('b', 1)]),
      prepared(two, [placed('a', 1)]),
    ])

    const failures = ends.filter((end) => end.status === 'rejected')
    expect(failures).toMatchObject([
      { reason: { code: 'FLINKTS_POSTGRES_QUERY_INTERRUPTED', retryable: true } },
    ])
    expect(failures[0]?.reason).toMatchObject({ message: containing('40P01') })
  })

  test('of which one waits for what the other has prepared do not wait for ever', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, { lockTimeoutMs: 100 })
    const one = await run.holding({ parallelism: 2 })
    const two = await run.holding({ subtask: 1, parallelism: 2 })
    await prepared(one, [{ id: 1 }])

    const blocked = prepared(two, [{ id: 1 }])

    await expect(blocked).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_QUERY_INTERRUPTED',
      retryable: true,
    })
  })
})

interface Placed {
  readonly table: string
  readonly id: number
  readonly name: string
}

/** More than waits to be sent. */
const large = 'x'.repeat(1_100_000)

function placed(table: string, id: number, name = ''): Placed {
  return { table, id, name }
}
