import { describe, expect, test } from 'vitest'
import {
  SinkRun,
  type SinkOptions,
  type Item,
  prepared,
  preparedOne,
  writeAll,
} from '../support/sink-fixture.ts'
import { FakeDatabase } from '../support/fake-database.ts'

const nowhere = { host: 'db.example', port: 5432, user: 'u', password: '', database: 'd' }

function runOn(database: FakeDatabase, options: SinkOptions<Item> = {}): SinkRun {
  return new SinkRun(nowhere, options, database)
}

describe('a checkpoint', () => {
  test('is a transaction with a row of the ledger, prepared and not committed', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)

    const committables = await prepared(await run.holding(), [{ id: 1 }, { id: 2 }])

    expect(database.steps).toEqual(['begin', 'copy', 'ledger', 'prepare'])
    expect(database.rows).toEqual([])
    expect([...database.prepared.keys()]).toEqual(committables.map((one) => one.transaction))
  })

  test('makes rows and ledger visible by its commit', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committables = await prepared(await run.holding(), [{ id: 1 }, { id: 2, name: null }])
    const committer = await run.committer()

    for (const committable of committables) await committer.commit(committable)

    expect(database.rows).toEqual(['1', String.raw`2${'\t'}\N`])
    expect(database.ledger).toEqual(['k3x9q0a1b2 rows 0 1'])
  })

  test('without records is no transaction', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)

    expect(await prepared(await run.holding(), [])).toEqual([])
    expect(database.steps).toEqual([])
  })

  test('holds what was written before the call, and nothing after it', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    await writeAll(writer, [{ id: 1 }])

    const first = writer.prepareCommit(1)
    await writeAll(writer, [{ id: 2 }])
    const second = writer.prepareCommit(2)

    expect([await first, await second]).toMatchObject([[{ rows: 1 }], [{ rows: 1 }]])
    expect([...database.prepared.values()].map(({ rows }) => rows)).toEqual([['1'], ['2']])
  })

  test('fails if the server rolled its transaction back instead', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    database.prepareTag = 'ROLLBACK'

    await expect(prepared(writer, [{ id: 1 }])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_TRANSACTION_LOST',
    })
  })

  test('goes on if it was prepared, and only the answer was lost', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    database.breakAt = { step: 'prepare', done: true }

    const first = await prepared(writer, [{ id: 1 }], 1)
    const second = await prepared(writer, [{ id: 2 }], 2)

    expect([...first, ...second].map(({ transaction }) => transaction)).toEqual([
      ...database.prepared.keys(),
    ])
  })

  test('fails if its connection was lost before it was prepared', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    database.breakAt = { step: 'prepare', done: false }

    await expect(prepared(writer, [{ id: 1 }])).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
    })
  })

  test('fails after any failure before it, for its rows are lost', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    await writeAll(writer, [{ id: 1 }])
    database.breakAt = { step: 'copy', done: false }
    const lost = { code: 'FLINKTS_POSTGRES_CONNECTION_FAILED' }

    await expect(writer.prepareCommit(1)).rejects.toMatchObject(lost)
    await expect(writer.prepareCommit(2)).rejects.toMatchObject(lost)
  })
})

describe('writing', () => {
  test('waits while the server is slow, with at most three batches in memory', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const writer = await run.holding()
    const name = 'x'.repeat(1_100_000)
    await writeAll(writer, [{ id: 0 }])
    const opened = Promise.withResolvers<void>()
    database.gate = opened.promise

    const write = (id: number): unknown => writer.write({ id, name }, { timestamp: undefined })
    const waits = [write(1), write(2), write(3)]

    expect(waits.map((wait) => wait === undefined)).toEqual([true, false, false])
    opened.resolve()
    await waits[2]
    expect(await writer.prepareCommit(1)).toMatchObject([{ rows: 4 }])
  })
})

describe('a commit', () => {
  test('done before is told by the ledger', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    database.breakAt = { step: 'commit-prepared', done: true }
    const committer = await run.committer()

    const outcomes = [await committer.commit(committable), await committer.commit(committable)]

    expect(outcomes.map(({ status }) => status)).toEqual(['retry', 'already-committed'])
    expect(database.rows).toEqual(['1'])
  })

  test('of a transaction that is gone, and that the ledger does not know, is refused', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const committable = await preparedOne(await run.holding(), [{ id: 1 }])
    database.prepared.clear()

    const committed = (await run.committer()).commit(committable)

    await expect(committed).rejects.toMatchObject({ code: 'FLINKTS_COMMIT_REJECTED' })
  })
})

describe('the ledger', () => {
  test('keeps a bounded number of rows, and what may be asked for again', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const others = await run.holding({ subtask: 1, parallelism: 2 })
    const committer = await run.committer()
    for (const committable of await prepared(others, [{ id: 0 }], 1)) {
      await committer.commit(committable)
    }
    const writer = await run.holding({ parallelism: 2 })
    let most = 0
    for (let checkpointId = 1; checkpointId <= 500; checkpointId += 1) {
      for (const committable of await prepared(writer, [{ id: checkpointId }], checkpointId)) {
        await committer.commit(committable)
      }
      await committer.forget?.(checkpointId - 3)
      most = Math.max(most, database.ledger.length)
    }

    expect(most).toBeLessThan(110)
    expect(database.ledger).toContain('k3x9q0a1b2 rows 1 1')
    expect(database.ledger.slice(-4)).toEqual(
      [497, 498, 499, 500].map((id) => `k3x9q0a1b2 rows 0 ${id}`),
    )
  })
})

describe('a writer that starts', () => {
  test('rolls back what earlier attempts of its lineage left, and nothing else', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    await prepared(await run.holding({ subtask: 1, parallelism: 2 }), [{ id: 1 }])
    const [orphan] = database.prepared.keys()
    await prepared(await run.holding({ jobId: 'k3x9q0a1b3' }), [{ id: 2 }])
    await prepared(await run.holding({ operatorId: 'other' }), [{ id: 3 }])
    await prepared(await run.holding({ attempt: 2, subtask: 1, parallelism: 2 }), [{ id: 4 }])
    const others = [...database.prepared.keys()].filter((name) => name !== orphan)

    await run.holding({ attempt: 2 })

    expect([...database.prepared.keys()]).toEqual(others)
    expect(others).toHaveLength(3)
  })

  test('does so as the first subtask only', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    await prepared(await run.holding(), [{ id: 1 }])

    await run.holding({ attempt: 2, subtask: 1, parallelism: 2 })

    expect(database.prepared.size).toBe(1)
  })

  test('ends the connections of writers of earlier attempts before', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database)
    const frozen = await run.holding()
    await writeAll(frozen, [{ id: 1 }])

    await run.holding({ attempt: 2 })

    await expect(frozen.prepareCommit(1)).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
    })
    expect(database.prepared.size).toBe(0)
  })
})

describe('appended rows', () => {
  test('are committed by a flush', async () => {
    const database = new FakeDatabase()
    await using run = runOn(database, { mode: 'append' })
    const writer = await run.writer()
    await writeAll(writer, [{ id: 1 }, { id: 2, name: 'b' }, { id: 3 }])
    const before = [...database.rows]

    await writer.flush(false)

    expect(before).toEqual([])
    expect(database.rows).toEqual(['1', '3', '2\tb'])
    expect(database.steps).toEqual(['begin', 'copy', 'copy', 'commit'])
  })
})
