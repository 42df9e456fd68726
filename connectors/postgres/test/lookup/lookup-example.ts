import { defineJob, type JobDefinition } from '@flinkts/core'
import { postgresCdc, postgresLookup, postgresSink, type Row } from '../../src/index.ts'

interface Customer {
  readonly name: string
  readonly country: string | null
}

/** Copies the orders of a database, with the name and the country of their customer. */
export function ordersWithCustomers(url: string): JobDefinition {
  const orders = postgresCdc({ connection: { url }, tables: ['orders'], stream: 'never' })

  const customers = postgresLookup({
    connection: { url },
    table: 'customers',
    key: { id: 'customer_id' },
    columns: ['name', 'country'],
    cache: { keysMax: 10_000, ttlMs: 60_000 },
    result: (order: Row, [customer]: readonly Customer[]): Row => ({
      ...order,
      customer: customer?.name ?? 'unknown',
      country: customer?.country ?? null,
    }),
  })

  const copies = postgresSink<Row>({
    connection: { url },
    mode: 'twoPhase',
    table: 'orders_with_customers',
  })

  return defineJob('orders-with-customers', { checkpointIntervalMs: 100 }, (env) => {
    env
      .source('orders', orders)
      .map(({ after }) => after ?? {})
      .mapAsync('customers', customers, { timeoutMs: 30_000, capacity: 500 })
      .sinkTo('copies', copies)
  })
}
