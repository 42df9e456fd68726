import { expectTypeOf } from 'vitest'
import type { DataStream } from '../../src/api/data-stream.ts'
import { defineJob } from '../../src/api/define-job.ts'
import type { Sink } from '../../src/connector/sink.ts'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import type { WindowJoinRecord } from '../../src/operators/join/window-join-function.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import { tumblingEventTimeWindows } from '../../src/operators/window/aligned-windows.ts'
import { timeEvictor } from '../../src/operators/window/evictor.ts'
import { dynamicEventTimeSessionWindows } from '../../src/operators/window/session-windows.ts'
import { boundedOutOfOrderness, monotonousTimestamps } from '../../src/time/watermark-strategy.ts'
import { listState, mapState, valueState } from '../../src/state/state-descriptor.ts'

interface Order {
  readonly id: bigint
  readonly customer: string
  readonly status: 'new' | 'paid'
}

interface Total {
  readonly customer: string
  readonly total: number
}

declare const orders: Source<Order, SourceSplit, string[], true>
declare const ticker: Source<Order, SourceSplit, undefined, false>
declare const files: Sink<Total, { readonly file: string }, 'exactly-once'>
declare const upsert: Sink<Order, never, 'effectively-once'>
declare const lines: Sink<Order, never, 'at-least-once'>

defineJob('typed', {}, (env) => {
  const stream = env.source('orders', orders)
  expectTypeOf(stream).toEqualTypeOf<DataStream<Order, 'exactly-once'>>()

  // @ts-expect-error a source that cannot replay breaks exactly-once
  env.source('ticker', ticker)
  // @ts-expect-error an idempotent sink is not exactly-once
  stream.sinkTo('upsert', upsert)
  // @ts-expect-error nor is one that may repeat
  stream.sinkTo('lines', lines)
  // @ts-expect-error an order is no total
  stream.sinkTo('files', files)
  // @ts-expect-error a record has no such field
  stream.map((order): unknown => order.price)
  // @ts-expect-error an object is no key
  stream.keyBy((order) => order)

  const paid = stream.filter(
    (order): order is Order & { status: 'paid' } => order.status === 'paid',
  )
  expectTypeOf(paid).toEqualTypeOf<DataStream<Order & { status: 'paid' }, 'exactly-once'>>()
  const lengths = stream.flatMap((order) => [order.customer.length])
  expectTypeOf(lengths).toEqualTypeOf<DataStream<number, 'exactly-once'>>()
  // @ts-expect-error streams of different records have no union
  stream.union(lengths)
  // @ts-expect-error a flat map returns something to iterate over
  stream.flatMap((order) => order.id)

  const totals = paid
    .keyBy(({ customer }) => customer)
    .process('totals', {
      state: {
        total: valueState<number>(),
        ids: listState<bigint>(),
        perStatus: mapState<Order['status'], number>(),
      },
      *process(order, state, context) {
        expectTypeOf(order.status).toEqualTypeOf<'paid'>()
        expectTypeOf(context.key).toEqualTypeOf<string>()
        expectTypeOf(state.total.get()).toEqualTypeOf<number | undefined>()
        expectTypeOf(state.ids.get()).toEqualTypeOf<Iterable<bigint>>()
        expectTypeOf(state.perStatus.get('new')).toEqualTypeOf<number | undefined>()
        // @ts-expect-error the state holds numbers
        state.total.set('1')
        // @ts-expect-error not a key of the map
        state.perStatus.get('lost')
        expectTypeOf(state).not.toHaveProperty('count')
        yield { customer: context.key, total: state.total.get() ?? 0 }
      },
    })
  expectTypeOf(totals).toEqualTypeOf<
    DataStream<{ customer: string; total: number }, 'exactly-once'>
  >()
  totals.sinkTo('files', files)
  // @ts-expect-error a total is no order
  totals.sinkTo('upsert', upsert)

  const tuple = stream.keyBy(({ customer, id }) => [customer, id])
  tuple.process('by-tuple', {
    state: {},
    process: (_order, _state, { key }) => {
      expectTypeOf(key).toEqualTypeOf<readonly [string, bigint]>()
    },
  })
})

defineJob('connected', {}, (env) => {
  const stream = env.source('orders', orders)
  const lengths = stream.map(({ customer }) => customer.length)
  const connected = stream.connect(lengths)
  const mapped = connected.map(
    (order) => order.id,
    (length) => length.toFixed(),
  )
  expectTypeOf(mapped).toEqualTypeOf<DataStream<bigint | string, 'exactly-once'>>()
  connected.keyBy(
    (order) => order.customer,
    // @ts-expect-error the second key is a number, the first a string
    (length) => length,
  )
  const byCustomer = stream.keyBy(({ customer }) => customer)
  // @ts-expect-error the keys are numbers and strings
  byCustomer.connect(lengths.keyBy((length) => length))
  const processed = byCustomer
    .connect(lengths.keyBy((length) => `${length}`))
    .process('processed', {
      state: { total: valueState<number>() },
      processFirst(order, state, context) {
        expectTypeOf(order).toEqualTypeOf<Order>()
        expectTypeOf(context.key).toEqualTypeOf<string>()
        state.total.set(1)
        return [order.id]
      },
      processSecond(length, state) {
        expectTypeOf(length).toEqualTypeOf<number>()
        expectTypeOf(state.total.get()).toEqualTypeOf<number | undefined>()
      },
    })
  expectTypeOf(processed).toEqualTypeOf<DataStream<bigint, 'exactly-once'>>()

  // @ts-expect-error the keys are numbers and strings
  byCustomer.intervalJoin(lengths.keyBy((length) => length))
  const join = byCustomer.intervalJoin(lengths.keyBy((length) => `${length}`)).between(-1, 1)
  // @ts-expect-error late left records are orders
  join.sideOutputLeftLateData(outputTag<number>('late'))
  const joined = join
    .sideOutputRightLateData(outputTag<number>('late'))
    .process('joined', (order, length, { leftTimestamp }) => {
      expectTypeOf(order).toEqualTypeOf<Order>()
      expectTypeOf(length).toEqualTypeOf<number>()
      return [leftTimestamp]
    })
  expectTypeOf(joined).toEqualTypeOf<DataStream<number, 'exactly-once'>>()

  // @ts-expect-error the keys are numbers and strings
  byCustomer.windowJoin(lengths.keyBy((length) => length))
  const windowJoin = byCustomer.windowJoin(lengths.keyBy((length) => `${length}`))
  const windows = windowJoin
    .window(
      dynamicEventTimeSessionWindows((record) => {
        expectTypeOf(record).toEqualTypeOf<WindowJoinRecord<Order, number>>()
        return record.side === 'left' ? record.value.customer.length : record.value
      }),
    )
    .evictor(timeEvictor(1000))
    .sideOutputLateData(outputTag<WindowJoinRecord<Order, number>>('late'))
  // @ts-expect-error the gap is one of orders alone
  windowJoin.window(dynamicEventTimeSessionWindows(({ customer }: Order) => customer.length))
  // @ts-expect-error late records come with their side
  windows.sideOutputLateData(outputTag<Order>('late'))
  const windowJoined = windows.process('pairs', (order, length, { key, window }) => {
    expectTypeOf(order).toEqualTypeOf<Order>()
    expectTypeOf(length).toEqualTypeOf<number>()
    expectTypeOf(key).toEqualTypeOf<string>()
    return [window.end]
  })
  expectTypeOf(windowJoined).toEqualTypeOf<DataStream<number, 'exactly-once'>>()
  const grouped = windows.coGroup('groups', function* group(left, right) {
    expectTypeOf(left).toEqualTypeOf<readonly Order[]>()
    expectTypeOf(right).toEqualTypeOf<readonly number[]>()
    for (const { id } of left) yield id
  })
  expectTypeOf(grouped).toEqualTypeOf<DataStream<bigint, 'exactly-once'>>()
})

interface Sale {
  readonly shop: string
  readonly cents: number
  readonly units: bigint
  readonly tip?: number
  readonly note: string | undefined
  readonly at: Date
}

declare const sales: Source<Sale, SourceSplit, undefined, true>

defineJob('rolling', {}, (env) => {
  const keyed = env.source('sales', sales).keyBy(({ shop }) => shop)

  const reduced = keyed.reduce('last', (_reduced, sale) => sale)
  expectTypeOf(reduced).toEqualTypeOf<DataStream<Sale, 'exactly-once'>>()
  expectTypeOf(keyed.sum('cents', 'cents')).toEqualTypeOf<DataStream<Sale, 'exactly-once'>>()
  keyed.sum('units', 'units')
  // @ts-expect-error a string has no sum
  keyed.sum('shop', 'shop')
  // @ts-expect-error a date has no sum
  keyed.sum('at', 'at')
  // @ts-expect-error a record without the field has no sum
  keyed.sum('tip', 'tip')
  // @ts-expect-error no such field
  keyed.sum('missing', 'missing')
  keyed.min('first', 'at').keyBy(({ shop }) => shop)
  keyed.max('last-shop', 'shop')
  // @ts-expect-error a value that may be missing has no order
  keyed.max('note', 'note')
  keyed.minBy('smallest', 'cents')
  keyed.maxBy('greatest', ({ units, cents }) => units * BigInt(cents))
  // @ts-expect-error an object has no order
  keyed.maxBy('greatest-object', (sale) => sale)
  const settings = { parallelism: 2 }
  const windowed = keyed.window(tumblingEventTimeWindows(1000))
  const ends = windowed.reduce('ends', (_reduced, sale) => sale, {
    ...settings,
    window: ({ window }) => [window.end],
  })
  expectTypeOf(ends).toEqualTypeOf<DataStream<number, 'exactly-once'>>()
  const plain = windowed.reduce('plain', (_reduced, sale) => sale, settings)
  expectTypeOf(plain).toEqualTypeOf<DataStream<Sale, 'exactly-once'>>()
  // @ts-expect-error a reduce returns a record
  keyed.reduce('wrong', ({ cents }) => cents)

  const stream = env.source('spread', sales)
  const spread = stream.partitionCustom(
    (key: bigint, subtaskCount) => Number(key % BigInt(subtaskCount)),
    ({ units }) => units,
  )
  const byLength = (key: string): number => key.length
  // @ts-expect-error the partitioner takes another key
  stream.partitionCustom(byLength, ({ units }) => units)
  expectTypeOf(spread).toEqualTypeOf<DataStream<Sale, 'exactly-once'>>()
})

defineJob('effectively', { guarantee: 'effectively-once' }, (env) => {
  const stream = env.source('orders', orders)
  stream.sinkTo('upsert', upsert)
  // @ts-expect-error a source that cannot replay loses records
  env.source('ticker', ticker)
  // @ts-expect-error a sink that repeats is not enough
  stream.sinkTo('lines', lines)
})

defineJob('loose', { guarantee: 'at-least-once' }, (env) => {
  const stream = env.source('ticker', ticker)
  stream.sinkTo('upsert', upsert)
  stream.sinkTo('lines', lines)
})

// @ts-expect-error no such guarantee
defineJob('unknown', { guarantee: 'maybe-once' }, () => {})

defineJob('timed', {}, (env) => {
  const typed = boundedOutOfOrderness(5).withTimestamps((order: Order) => Number(order.id))
  const stated = boundedOutOfOrderness<Order>(5).withTimestamps((order) => Number(order.id))
  expectTypeOf(typed).toEqualTypeOf(stated)
  const stream = env.source('orders', orders, { watermarks: typed.withIdleness(10) })
  stream.assignTimestampsAndWatermarks(monotonousTimestamps())
  stream.assignTimestampsAndWatermarks(stated)

  const totals = stream.map((): Total => ({ customer: 'x', total: 1 }))
  // @ts-expect-error a total is no order
  totals.assignTimestampsAndWatermarks(typed)
  const ofTotals = monotonousTimestamps<Total>()
  // @ts-expect-error an order is no total
  env.source('orders', orders, { watermarks: ofTotals })
})
