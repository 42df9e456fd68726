import { silentLogger } from '@flinkts/core/connector'
import { ManualScheduler } from '@flinkts/core/testing'
import { expect, test } from 'vitest'
import type { PostgresClient, SqlRow, SqlText } from '../../src/client.ts'
import type { Row } from '../../src/index.ts'
import { LookupQuery } from '../../src/lookup/lookup-query.ts'
import { OpenLookup } from '../../src/lookup/open-lookup.ts'
import { resolvePostgresLookupOptions } from '../../src/lookup/options.ts'
import { decodeText } from '../../src/values/scalar-decoders.ts'

interface Order {
  readonly customer?: string | null
}

/** A table with a column `name`, by key; notes what is asked for. */
class Table implements PostgresClient {
  readonly serverVersion = 170_000
  readonly processId = 1
  readonly names: Map<string, readonly string[]> = new Map()
  readonly asked: SqlText[] = []
  closed = false

  query(_sql: string, [keys = null]: readonly SqlText[] = []): Promise<readonly SqlRow[]> {
    this.asked.push(keys)
    const texts = [...(keys ?? '').matchAll(/"([^"]*)"/g)].map(([, text = '']) => text)
    return Promise.resolve(
      texts.flatMap((text, index) =>
        (this.names.get(text) ?? []).map((name) => ({ n: `${index + 1}`, c0: name })),
      ),
    )
  }

  execute(): Promise<never> {
    return expect.fail('a lookup only reads')
  }

  copyIn(): Promise<never> {
    return expect.fail('a lookup only reads')
  }

  copyRows(): never {
    return expect.fail('a lookup copies nothing')
  }

  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

function open(
  table: Table,
  cache?: { readonly ttlMs: number },
): {
  readonly find: (order: Order) => Promise<readonly Row[]>
  readonly close: () => Promise<void>
} {
  const options = resolvePostgresLookupOptions<Order, Row, readonly Row[]>({
    connection: { url: 'postgres://user@db.example/shop' },
    table: 'customers',
    key: { id: 'customer' },
    columns: ['name'],
    rowsPerKeyMax: 2,
    cache: cache && { keysMax: 10, ...cache },
    result: (_order, rows) => rows,
  })
  const type = { type: 'pg_catalog.text', delimiter: ',', encode: String }
  const query = new LookupQuery({
    table: options.table,
    key: [{ name: 'id', ...type }],
    columns: [{ name: 'name', decode: decodeText }],
    rowsPerKeyMax: options.rowsPerKeyMax,
  })
  const time = new ManualScheduler(0)
  const counter = { add: () => {} }
  const metrics = { counter: () => counter, gauge: () => {} }
  const lookup = new OpenLookup<Order, readonly Row[]>({
    ...{ options, query, client: table },
    context: { clock: time, scheduler: time, logger: silentLogger, metrics },
    connect: () => expect.fail('there is a connection'),
    closing: new AbortController(),
  })
  const { signal } = new AbortController()
  return {
    find: async (order) => lookup.call(order, { signal, attempt: 1 }),
    close: () => lookup.close(),
  }
}

test('gives each record the rows of its own key', async () => {
  const table = new Table()
  table.names.set('a', ['Ada', 'Alan']).set('c', ['Cy'])
  const lookup = open(table)

  const found = await Promise.all(['a', 'b', 'c'].map((customer) => lookup.find({ customer })))

  expect(found).toEqual([[{ name: 'Ada' }, { name: 'Alan' }], [], [{ name: 'Cy' }]])
  expect(table.asked).toEqual(['{"a","b","c"}'])
})

test('finds nothing for a key with a null in it, without asking', async () => {
  const table = new Table()
  table.names.set('null', ['Nobody']).set('undefined', ['Nobody'])
  const lookup = open(table)

  expect(await Promise.all([lookup.find({ customer: null }), lookup.find({})])).toEqual([[], []])
  expect(table.asked).toEqual([])
})

test('asks a second time only without a cache', async () => {
  const counts: number[] = []
  for (const cache of [undefined, { ttlMs: 1 }]) {
    const table = new Table()
    table.names.set('a', ['Ada'])
    const lookup = open(table, cache)
    for (const _ of [1, 2]) expect(await lookup.find({ customer: 'a' })).toHaveLength(1)
    counts.push(table.asked.length)
  }

  expect(counts).toEqual([2, 1])
})

test('refuses a key with too many rows each time, cache or not', async () => {
  const table = new Table()
  table.names.set('a', ['one', 'two', 'three'])
  const lookup = open(table, { ttlMs: 1000 })

  for (const _ of [1, 2]) {
    await expect(lookup.find({ customer: 'a' })).rejects.toMatchObject({
      code: 'FLINKTS_POSTGRES_LOOKUP_TOO_LARGE',
    })
  }
})

test('closes its connection', async () => {
  const table = new Table()
  const lookup = open(table)

  await lookup.close()

  expect(table.closed).toBe(true)
})
