import { describe, expect, test } from 'vitest'
import { FakeDatabase } from '../support/fake-database.ts'
import { containing } from '../support/matchers.ts'
import {
  prepared,
  preparedOne,
  SinkRun,
  type SinkOptions,
  type Item,
} from '../support/sink-fixture.ts'

const nowhere = { host: 'db.example', port: 5432, user: 'u', password: '', database: 'd' }

function runOn(database: FakeDatabase, options: SinkOptions<Item> = {}): SinkRun {
  return new SinkRun(nowhere, { mode: 'staged', ...options }, database)
}

describe('a checkpoint', () => {
  test('is a commit in the staging table, and in no other', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)

    const committables = await prepared(await run.holding(), [{ id: 1 }, { id: 2, name: 'b' }])

    expect(database.steps).toEqual(['begin', 'stage', 'stage', 'commit'])
    expect([database.rows, database.ledger]).toEqual([[], []])
    expect(committables).toMatchObject([{ held: 'staged', rows: 2 }])
  })

  test('is moved into the tables by its commit, with a row of the ledger', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }, { id: 2, name: 'b' }])
    const committer = await run.committer()
    database.steps.length = 0

    const outcome = await committer.commit(committable)

    expect(outcome).toEqual({ status: 'committed' })
    expect(database.steps).toEqual([
      ...['begin', 'ledger', 'take', 'copy', 'take', 'copy', 'take', 'commit'],
    ])
    expect(database.rows).toEqual(['1', '2\tb'])
    expect(database.ledger).toEqual(['k3x9q0a1b2 rows 0 1'])
    expect(database.staged).toEqual([])
  })

  test('without records is no transaction', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)

    expect(await prepared(await run.holding(), [])).toEqual([])
    expect(database.steps).toEqual([])
  })

  test('goes on if it was staged, and only the answer was lost', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    database.breakAt = { step: 'commit', done: true }

    const first = await prepared(writer, [{ id: 1 }], 1)
    const second = await prepared(writer, [{ id: 2 }], 2)

    const names = [...first, ...second].map(({ transaction }) => transaction)
    expect(database.staged.map(({ transaction }) => transaction)).toEqual(names)
  })

  test('fails if its connection was lost before it was staged', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    database.breakAt = { step: 'commit', done: false }

    await expect(prepared(writer, [{ id: 1 }])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
    })
  })
})

describe('a commit', () => {
  test('done before is told by the ledger, and writes nothing', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    database.breakAt = { step: 'commit', done: true }
    const committer = await run.committer()

    const outcomes = [await committer.commit(committable), await committer.commit(committable)]

    expect(outcomes.map(({ status }) => status)).toEqual(['retry', 'already-committed'])
    expect(database.rows).toEqual(['1'])
  })

  test('that breaks in its middle leaves all as it was, for the next try', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }, { id: 2, name: 'b' }])
    database.breakAt = { step: 'copy', done: true }
    const committer = await run.committer()

    const first = await committer.commit(committable)
    const between = [...database.rows]
    const second = await committer.commit(committable)

    expect([first.status, between, second.status]).toEqual(['retry', [], 'committed'])
    expect(database.rows).toEqual(['1', '2\tb'])
  })

  test('of which a part is gone is refused, and writes nothing', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }, { id: 2, name: 'b' }])
    database.staged = database.staged.slice(0, 1)

    const committed = (await run.committer()).commit(committable)

    await expect(committed).rejects.toMatchObject({
      code: 'FLINKTS_COMMIT_REJECTED',
      message: containing('2 rows are missing'),
    })
    expect([database.rows, database.ledger]).toEqual([[], []])
  })

  test('of what another mode has prepared is done all the same', async () => {
    const database = new FakeDatabase()
    await using before = runOn(database, { mode: 'twoPhase' })
    await using after = runOn(database)
    const committable = await preparedOne(await before.holding(), [{ id: 1 }])

    const committer = await after.committer({ attempt: 2 })

    expect(await committer.commit(committable)).toEqual({ status: 'committed' })
    expect(database.rows).toEqual(['1'])
  })
})

describe('a writer that starts', () => {
  test('removes what earlier attempts of its lineage staged, and nothing else', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const orphan = await preparedOne(await run.holding({ subtask: 1, parallelism: 2 }), [{ id: 1 }])
    await prepared(await run.holding({ jobId: 'k3x9q0a1b3' }), [{ id: 2 }])
    await prepared(await run.holding({ operatorId: 'other' }), [{ id: 3 }])
    await prepared(await run.holding({ attempt: 2, subtask: 1, parallelism: 2 }), [{ id: 4 }])
    const others = database.staged.filter(({ transaction }) => transaction !== orphan.transaction)

    await run.holding({ attempt: 2 })

    expect(database.staged).toEqual(others)
    expect(others).toHaveLength(3)
  })
})

describe('the mode "auto"', () => {
  test.each([
    [4, 'prepared'],
    [3, 'staged'],
  ])('of two subtasks, where %i transactions may be prepared, is "%s"', async (max, held) => {
    const database = new FakeDatabase()
    database.preparedMax = max
    await using run = runOn(database, { mode: 'auto' })

    const committable = await preparedOne(await run.holding({ parallelism: 2 }), [{ id: 1 }])

    expect(committable.held).toBe(held)
    expect(run.logger.lines).toMatchObject([{ level: 'info', fields: { held } }])
  })
})
