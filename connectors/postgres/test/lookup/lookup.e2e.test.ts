import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, type PostgresDatabase } from '@flinkts/test-services'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { JobProcess } from '../support/job-process.ts'
import { newDatabase } from '../support/source-fixture.ts'

const script = fileURLToPath(new URL('../jobs/lookup-process.ts', import.meta.url))
/** Fewer than may be under way: a full operator would hold the barriers of checkpoints, too. */
const orderCount = 400

/** Whoever reads a row of `customers` waits while someone holds the lock 7. */
const tables = `
  create table people (id int primary key, name text, country text);
  insert into people select n, 'customer ' || n, case when n % 2 = 0 then 'no' end
    from generate_series(1, 90) n;
  create view customers as select * from people
    where pg_advisory_xact_lock_shared(7)::text = '';
  create table orders (id bigint primary key, customer_id int);
  insert into orders select n, n % 100 from generate_series(1, ${orderCount}) n;
  create table orders_with_customers (id bigint, customer_id int, customer text, country text)`

async function holdLock({ connection }: PostgresDatabase): Promise<Client> {
  const client = new Client({ ...connection })
  // If the test fails, the database goes first.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('select pg_advisory_lock(7)')
  return client
}

interface Manifest {
  readonly body: {
    readonly operators: readonly {
      readonly kind: string
      readonly subtasks: readonly { readonly lists: readonly { readonly items: unknown[] }[] }[]
    }[]
  }
}

/** How many records of its async operator the newest checkpoint holds. */
function underWay(checkpoints: string): number {
  const files = readdirSync(checkpoints, { recursive: true, encoding: 'utf8' })
  const newest = files
    .filter((file) => file.endsWith('manifest.json'))
    .toSorted()
    .at(-1)
  if (newest === undefined) return 0
  const { body } = JSON.parse(readFileSync(join(checkpoints, newest), 'utf8')) as Manifest
  const subtasks = body.operators
    .filter(({ kind }) => kind === 'async')
    .flatMap((one) => one.subtasks)
  return subtasks.flatMap(({ lists }) => lists).reduce((sum, { items }) => sum + items.length, 0)
}

test('the example of the README is this one', () => {
  const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  const example = textOf('lookup-example.ts').replace('../../src/index.ts', '@flinkts/postgres')

  expect(textOf('../../README.md')).toContain(example)
})

test('records that were being looked up when the job was killed are looked up again', async () => {
  await using database = await newDatabase(tables)
  using job = new JobProcess(script, database)
  const lock = await holdLock(database)
  job.start()
  await eventually('a checkpoint with all records under way', () => {
    expect(underWay(job.checkpoints)).toBe(orderCount)
  })
  const killed = await job.killWhen(() => true)
  await lock.end()

  job.start()
  const exitCode = await job.ended()

  expect({ killed, exitCode }).toEqual({ killed: true, exitCode: 0 })
  expect(
    await database.query(`select count(*)::int as rows, count(distinct id)::int as ids,
      count(*) filter (where customer = 'unknown')::int as unknown,
      count(*) filter (where country = 'no')::int as norwegian,
      count(*) filter (where customer <> 'unknown' and customer <> 'customer ' || id % 100)::int
        as wrong from orders_with_customers`),
  ).toEqual([
    {
      rows: orderCount,
      ids: orderCount,
      unknown: (orderCount * 10) / 100,
      norwegian: (orderCount * 45) / 100,
      wrong: 0,
    },
  ])
})
