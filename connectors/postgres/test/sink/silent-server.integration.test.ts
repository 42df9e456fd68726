import { startPostgres } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { containing } from '../support/matchers.ts'
import { prepared, preparedOne, SinkRun, writeAll } from '../support/sink-fixture.ts'

test('a server that no longer answers fails writers and commits, for another try', async () => {
  await using server = await startPostgres()
  await server.query('create table items (id int primary key, name text)')
  const { host, port, user, password, database } = server.connection
  await using run = new SinkRun(server.connection, {
    connection: { host, port, user, password, database, connectTimeoutMs: 500 },
    lockTimeoutMs: 100,
    statementTimeoutMs: 500,
  })
  const writer = await run.holding()
  const committer = await run.committer()
  const first = await preparedOne(writer, [{ id: 1 }])
  expect(await committer.commit(first)).toEqual({ status: 'committed' })
  const [second] = await prepared(writer, [{ id: 2 }], 2)
  await writeAll(writer, [{ id: 3 }])
  await server.pause()

  const third = writer.prepareCommit(3)
  const commit = second && committer.commit(second)

  await expect(third).rejects.toMatchObject({ retryable: true })
  expect(await commit).toMatchObject({
    status: 'retry',
    cause: { message: containing('did not answer within 500 ms') },
  })
  await server.unpause()
  // The server may have done it, unheard.
  expect(second && (await committer.commit(second)).status).toMatch(/committed/)
  expect(await server.query('select id from items order by id')).toEqual([{ id: 1 }, { id: 2 }])
})
