import type { Sink } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import { postgresDriver } from '../../src/client.ts'
import { postgresSinkOver } from '../../src/sink/sink.ts'
import { containing } from '../support/matchers.ts'
import { newDatabase } from '../support/source-fixture.ts'
import { prepared, preparedNames, SinkRun, visibleIds, writeAll } from '../support/sink-fixture.ts'

const items = 'create table items (id int primary key, name text)'

describe('a writer that starts', () => {
  test('rolls back what earlier attempts prepared, of all their subtasks', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    for (const subtask of [0, 1]) {
      const writer = await run.holding({ subtask, parallelism: 2 })
      await prepared(writer, [{ id: subtask }])
      await writer.close()
    }

    const writer = await run.holding({ attempt: 2 })

    expect(await preparedNames(database)).toEqual([])
    expect(run.logger.lines).toContainEqual({
      level: 'info',
      message: 'prepared transactions of earlier attempts were removed',
      fields: { count: 2 },
    })
    const committer = await run.committer({ attempt: 2 })
    for (const committable of await prepared(writer, [{ id: 0 }], 2)) {
      await committer.commit(committable)
    }
    expect(await visibleIds(database)).toEqual([0])
  })

  test('leaves alone what is not its own', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const others = [
      await run.holding({ operatorId: 'others' }),
      await run.holding({ jobId: 'k3x9q0a1b3' }),
      await run.holding({ jobId: 'k3x9q0a1b' }),
      await run.holding({ attempt: 2, subtask: 1 }),
      await run.holding({ attempt: 12, subtask: 1 }),
    ]
    for (const [id, writer] of others.entries()) await prepared(writer, [{ id }], id)
    await database.query(
      `begin; insert into items values (9); prepare transaction 'flinkts_by_hand'`,
    )
    const before = await preparedNames(database)

    await run.holding({ attempt: 2 })

    expect(await preparedNames(database)).toEqual(before)
    expect(before).toHaveLength(6)
  })

  test('leaves alone what another database has under the same names', async () => {
    await using database = await newDatabase(items)
    await using elsewhere = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    await using other = new SinkRun(elsewhere.connection)
    await prepared(await other.holding(), [{ id: 1 }])

    await run.holding({ attempt: 2 })

    expect(await preparedNames(elsewhere)).toHaveLength(1)
  })

  test('leaves alone what another role has under the same names', async () => {
    await using database = await newDatabase(items)
    const user = `role_${database.connection.database}`
    await database.query(`create role ${user} superuser login password 'secret'`)
    const connection = { ...database.connection, user, password: 'secret' }
    await using run = new SinkRun(database.connection)
    await using other = new SinkRun(connection)
    await prepared(await other.holding(), [{ id: 1 }])

    await run.holding({ attempt: 2 })

    expect(await preparedNames(database)).toHaveLength(1)
  })

  test('of another subtask rolls nothing back', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    await prepared(await run.holding(), [{ id: 1 }])

    await run.holding({ attempt: 2, subtask: 1, parallelism: 2 })

    expect(await preparedNames(database)).toHaveLength(1)
  })

  test('tells what another run of the same operator has left', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    await prepared(await run.holding({ jobId: 'anolderrun' }), [{ id: 1 }])
    const [name] = await preparedNames(database)

    await run.holding()

    expect(run.logger.lines).toMatchObject([
      { level: 'warn', fields: { transactions: name, hint: containing(`'${name}'`) } },
    ])
  })

  test('ends writers of earlier attempts that still hold locks', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const frozen = await run.holding()
    await writeAll(frozen, [{ id: 1 }, { id: 2, name: 'x'.repeat(1_100_000) }])

    const writer = await run.holding({ attempt: 2 })

    const committables = await prepared(writer, [{ id: 1 }], 2)
    expect(committables).toMatchObject([{ rows: 1 }])
    await expect(prepared(frozen, [])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
    })
  })
})

describe('a job that has failed for good', () => {
  test('tells what it left prepared, and nothing of others or of a later attempt', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection)
    const places = [{ attempt: 2 }, { attempt: 3, subtask: 1 }, { attempt: 4, subtask: 2 }]
    for (const [index, place] of [...places, { operatorId: 'others' }].entries()) {
      await prepared(await run.holding({ ...place, parallelism: 3 }), [{ id: index }], 7)
    }
    const names = (await preparedNames(database)).filter((name) => /_[23]_\d_7$/.test(name))
    const sink = postgresSinkOver(postgresDriver, run.options)

    const findings = await (sink as Sink<unknown>).leftBehind?.(run.context({ attempt: 3 }))

    expect(names).toHaveLength(2)
    expect(findings).toMatchObject([
      {
        code: 'prepared-left',
        message: containing(`'${names[0]}', '${names[1]}'`),
        hint: containing(`ROLLBACK PREPARED '${names[0]}'; ROLLBACK PREPARED '${names[1]}';`),
      },
    ])
  })

  test('of which nothing is left tells nothing', async () => {
    await using database = await newDatabase(items)
    await using run = new SinkRun(database.connection, { mode: 'staged' })
    await prepared(await run.holding(), [{ id: 1 }])
    const sink = postgresSinkOver(postgresDriver, run.options)

    expect(await (sink as Sink<unknown>).leftBehind?.(run.context())).toEqual([])
  })
})
