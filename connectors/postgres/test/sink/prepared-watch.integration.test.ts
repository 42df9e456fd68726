import { FlinktsError } from '@flinkts/core/connector'
import { eventually } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { postgresDriver } from '../../src/client.ts'
import type { PostgresDriver } from '../../src/client.ts'
import { newDatabase } from '../support/source-fixture.ts'
import { prepared, preparedOne, SinkRun, visibleIds } from '../support/sink-fixture.ts'

const items = 'create table items (id int primary key, name text)'
const preparedAgeWarnMs = 50

/** The gauges of a writer, and the metrics that it gets. */
class Gauges {
  readonly #gauges = new Map<string, () => number>()
  readonly group = {
    counter: () => ({ add: () => {} }),
    gauge: (name: string, read: () => number) => void this.#gauges.set(name, read),
  }

  read(name: string): number | undefined {
    return this.#gauges.get(name)?.()
  }
}

function warnings(run: SinkRun): readonly string[] {
  return run.logger.lines
    .filter(({ message }) => message.startsWith('transactions have been prepared'))
    .map(({ fields }) => String(fields?.['transactions']))
}

test('a transaction that stays prepared is told once, and is in the metrics', async () => {
  await using database = await newDatabase(items)
  await using run = new SinkRun(database.connection, { preparedAgeWarnMs })
  const gauges = new Gauges()
  const writer = await run.holding({ metrics: gauges.group })
  const committable = await preparedOne(writer, [{ id: 1 }])

  await eventually('two looks at an old transaction', () => {
    expect(gauges.read('oldestPreparedMs')).toBeGreaterThan(2 * preparedAgeWarnMs)
    return Promise.resolve()
  })

  expect(warnings(run)).toEqual([committable.transaction])
  expect(gauges.read('preparedTransactions')).toBe(1)
  await (await run.committer()).commit(committable)
  await eventually('a look after the commit', () => {
    expect(gauges.read('preparedTransactions')).toBe(0)
    return Promise.resolve()
  })
  expect(gauges.read('oldestPreparedMs')).toBe(0)
})

test('what another run of the operator has left is told, and not what others have', async () => {
  await using database = await newDatabase(items)
  await using others = new SinkRun(database.connection)
  const left = await preparedOne(await others.holding({ jobId: 'k3x9q0a1b3' }), [{ id: 1 }])
  await prepared(await others.holding({ operatorId: 'others' }), [{ id: 2 }])
  await using run = new SinkRun(database.connection, { preparedAgeWarnMs })

  await run.holding()

  await eventually('the warning', () => {
    expect(warnings(run)).toEqual([left.transaction])
    return Promise.resolve()
  })
})

test('a look that fails is told, and stops nothing', async () => {
  await using database = await newDatabase(items)
  const cause = new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'no room for another')
  const driver: PostgresDriver = {
    ...postgresDriver,
    connect(connection, context) {
      const watch = context.applicationName.endsWith('/prepared')
      return watch ? Promise.reject(cause) : postgresDriver.connect(connection, context)
    },
  }
  await using run = new SinkRun(database.connection, { preparedAgeWarnMs }, driver)
  const writer = await run.holding()

  await eventually('the warning', () => {
    expect(run.logger.lines).toContainEqual({
      level: 'warn',
      message: 'prepared transactions could not be looked at',
      fields: { cause },
    })
    return Promise.resolve()
  })

  const committable = await preparedOne(writer, [{ id: 1 }])
  await (await run.committer()).commit(committable)
  expect(await visibleIds(database)).toEqual([1])
})

test('only the first subtask looks, and none when it has closed', async () => {
  await using database = await newDatabase(items)
  let looks = 0
  const driver: PostgresDriver = {
    ...postgresDriver,
    connect(connection, context) {
      if (context.applicationName.endsWith('/prepared')) looks += 1
      return postgresDriver.connect(connection, context)
    },
  }
  await using run = new SinkRun(database.connection, { preparedAgeWarnMs: 1 }, driver)
  const second = await run.holding({ subtask: 1, parallelism: 2 })
  await prepared(second, [{ id: 1 }])

  expect(looks).toBe(0)
  const first = await run.holding({ parallelism: 2 })
  await eventually('a look', () => {
    expect(looks).toBeGreaterThan(0)
    return Promise.resolve()
  })
  await first.close()
  const before = looks
  await prepared(second, [{ id: 2 }], 2)

  expect(looks).toBe(before)
})
