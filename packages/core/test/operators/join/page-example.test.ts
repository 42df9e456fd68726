import { type KeyedCoProcess, outputTag, tumblingEventTimeWindows, valueState } from '@flinkts/core'
import { type HarnessStream, twoInputHarness } from '@flinkts/core/testing'
import { expect, test } from 'vitest'

interface Order {
  readonly id: string
  readonly amount: number
}

interface Payment {
  readonly orderId: string
  readonly method: string
}

const minute = 60_000
const latePayments = outputTag<Payment>('late-payments')

/** Orders with the payment that came within the hour after them. */
const paidOrders = (
  orders: HarnessStream<Order>,
  payments: HarnessStream<Payment>,
): HarnessStream<string> =>
  orders
    .keyBy(({ id }) => id)
    .intervalJoin(payments.keyBy(({ orderId }) => orderId))
    .between(0, 60 * minute)
    .upperBoundExclusive()
    .sideOutputRightLateData(latePayments)
    .process('paid-orders', (order, payment) => [`${order.id} paid by ${payment.method}`])

test('joins an order with its payment, whichever comes first', async () => {
  const join = await twoInputHarness(paidOrders)

  join.push(0, { id: 'a', amount: 20 }, 0)
  join.push(1, { orderId: 'b', method: 'card' }, 30 * minute)
  join.push(1, { orderId: 'a', method: 'cash' }, 59 * minute)
  join.push(0, { id: 'b', amount: 30 }, 10 * minute)

  expect(join.take()).toEqual([
    { type: 'record', value: 'a paid by cash', timestamp: 59 * minute },
    { type: 'record', value: 'b paid by card', timestamp: 30 * minute },
  ])
})

test('puts a payment aside that comes behind the watermark', async () => {
  const join = await twoInputHarness(paidOrders)
  const late = { orderId: 'a', method: 'cash' }

  join.push(0, { id: 'a', amount: 20 }, 0)
  join.watermark(0, 10 * minute)
  join.watermark(1, 5 * minute)
  join.push(1, late, 4 * minute)

  expect(join.takeValues()).toEqual([])
  expect(join.takeSide(latePayments)).toEqual([late])
})

/** How many orders and payments an id had in each minute: an outer join. */
const balances = (
  orders: HarnessStream<Order>,
  payments: HarnessStream<Payment>,
): HarnessStream<string> =>
  orders
    .keyBy(({ id }) => id)
    .windowJoin(payments.keyBy(({ orderId }) => orderId))
    .window(tumblingEventTimeWindows(minute))
    .coGroup('balances', (ordered, paid, { key, window }) => [
      `${key} from ${window.start}: ${ordered.length} ordered, ${paid.length} paid`,
    ])

test('groups what is in the same minute, also if one side has nothing', async () => {
  const groups = await twoInputHarness(balances)

  groups.push(0, { id: 'a', amount: 20 }, 0)
  groups.push(1, { orderId: 'b', method: 'card' }, minute)
  groups.push(1, { orderId: 'a', method: 'cash' }, minute - 1)
  await groups.endInput()

  expect(groups.takeValues()).toEqual([
    'a from 0: 1 ordered, 1 paid',
    'b from 60000: 0 ordered, 1 paid',
  ])
})

const state = { order: valueState<Order>(), payment: valueState<Payment>() }

/** What an interval join does not tell: orders that nobody paid. */
const unpaidOrders: KeyedCoProcess<Order, Payment, string, string, typeof state> = {
  state,
  processFirst(order, { order: kept }, { timers, timestamp = 0 }) {
    kept.set(order)
    timers.registerEventTime(timestamp + 60 * minute)
  },
  processSecond(payment, { payment: kept }, { timers, timestamp = 0 }) {
    kept.set(payment)
    timers.registerEventTime(timestamp + 60 * minute)
  },
  *onTimer(_timestamp, { order, payment }, { key }) {
    const unpaid = payment.get() === undefined ? order.get() : undefined
    if (unpaid !== undefined) yield `${key} is not paid: ${unpaid.amount}`
    order.clear()
    payment.clear()
  },
}

test('finds orders that nobody paid within the hour', async () => {
  const orders = await twoInputHarness((left: HarnessStream<Order>, right) =>
    left
      .connect(right as HarnessStream<Payment>)
      .keyBy(
        ({ id }) => id,
        ({ orderId }) => orderId,
      )
      .process('unpaid-orders', unpaidOrders),
  )

  orders.push(0, { id: 'a', amount: 20 }, 0)
  orders.push(0, { id: 'b', amount: 30 }, 0)
  orders.push(1, { orderId: 'b', method: 'card' }, 30 * minute)
  await orders.endInput()

  expect(orders.takeValues()).toEqual(['a is not paid: 20'])
})
