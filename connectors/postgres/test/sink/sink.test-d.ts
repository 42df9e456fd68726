import { defineJob } from '@flinkts/core'
import type { Source, SourceSplit } from '@flinkts/core/connector'
import { applyChange, postgresSink } from '../../src/index.ts'
import type { Change } from '../../src/index.ts'

interface Order {
  readonly id: bigint
  readonly amount: string
}

declare const orders: Source<Order, SourceSplit, undefined, true>
const connection = { url: 'postgres://user@db.example/shop' }

defineJob('exactly-once', {}, (env) => {
  const stream = env.source('orders', orders)
  stream.sinkTo('prepared', postgresSink({ connection, mode: 'twoPhase', table: 'orders' }))
  stream.sinkTo('staged', postgresSink({ connection, mode: 'staged', table: 'orders' }))
  stream.sinkTo('chosen', postgresSink({ connection, mode: 'auto', table: 'orders' }))
  stream.sinkTo(
    'mapped',
    postgresSink<Order>({
      connection,
      mode: 'twoPhase',
      table: ({ amount }) => amount,
      columns: { key: 'id', doubled: ({ id }) => id * 2n },
    }),
  )
  // @ts-expect-error a crash may show older values for a while
  stream.sinkTo('upserted', postgresSink<Order>({ connection, mode: 'upsert', table: 'orders' }))
  // @ts-expect-error rows that are appended may come twice
  stream.sinkTo('appended', postgresSink<Order>({ connection, mode: 'append', table: 'orders' }))
})

declare const changes: Source<Change, SourceSplit, undefined, true>

defineJob('effectively-once', { guarantee: 'effectively-once' }, (env) => {
  env
    .source('changes', changes)
    .sinkTo('copy', postgresSink({ connection, mode: 'upsert', table: 'c', write: applyChange }))
  env.source('orders', orders).sinkTo(
    'totals',
    postgresSink<Order>({
      connection,
      mode: 'upsert',
      table: 'totals',
      key: ['id'],
      write: (order) =>
        order.amount === '0'
          ? { operation: 'delete', key: { id: order.id } }
          : { operation: 'upsert', row: order },
    }),
  )
})

defineJob('at-least-once', { guarantee: 'at-least-once' }, (env) => {
  env
    .source('orders', orders)
    .sinkTo('appended', postgresSink<Order>({ connection, mode: 'append', table: 'orders' }))
})

// @ts-expect-error a mode that there is not
postgresSink<Order>({ connection, mode: 'update', table: 'orders' })

postgresSink<Order>({
  connection,
  mode: 'append',
  table: 'orders',
  // @ts-expect-error the record has no such field
  columns: { total: 'sum' },
})
