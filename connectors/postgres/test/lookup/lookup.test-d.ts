import { defineJob } from '@flinkts/core'
import type { AsyncFunction, Source, SourceSplit } from '@flinkts/core/connector'
import { postgresLookup, type Row } from '../../src/index.ts'

interface Order {
  readonly id: bigint
  readonly customer: string
}

interface Customer {
  readonly name: string
  readonly country: string
}

declare const orders: Source<Order, SourceSplit, undefined, true>
const connection = { url: 'postgres://user@db.example/shop' }
const table = 'customers'

defineJob('lookups', {}, (env) => {
  const stream = env.source('orders', orders)

  // The record's type comes from the stream, rows are what Postgres gives.
  const lengths = stream.mapAsync(
    'rows',
    postgresLookup({
      connection,
      table,
      key: { name: 'customer', id: ({ id }) => id + 1n },
      columns: ['anything'],
      result: ({ id }, rows) => ({ id, row: rows[0] }),
    }),
    { timeoutMs: 1 },
  )
  lengths.map(({ id, row }) => [id satisfies bigint, row satisfies Row | undefined])
})

const customers = postgresLookup({
  connection,
  table,
  key: { name: 'customer' },
  columns: ['country'],
  result: ({ id }: Order, [customer]: readonly Customer[]) => ({ id, from: customer?.country }),
})
customers satisfies AsyncFunction<Order, { id: bigint; from: string | undefined }>

postgresLookup({
  connection,
  table,
  // @ts-expect-error a field that the record has not
  key: { name: 'buyer' },
  columns: ['country'],
  result: (order: Order, _rows: readonly Customer[]) => order,
})

postgresLookup({
  connection,
  table,
  key: { name: 'customer' },
  // @ts-expect-error a column that rows have not
  columns: ['town'],
  result: (order: Order, _rows: readonly Customer[]) => order,
})
