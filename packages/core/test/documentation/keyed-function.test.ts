import { type KeyedProcess, outputTag, valueState } from '@flinkts/core'
import { type HarnessStream, operatorHarness } from '@flinkts/core/testing'
import { expect, test } from 'vitest'

interface Order {
  readonly user: string
  readonly amount: number
}

const minute = 60_000
const refunds = outputTag<Order>('refunds')
const state = { total: valueState<number>(), closesAt: valueState<number>() }

/** Adds up the orders of a user until none has come for ten minutes of event time. */
const baskets: KeyedProcess<Order, string, string, typeof state> = {
  state,
  process(order, { total, closesAt }, context) {
    if (order.amount < 0) return context.output(refunds, order)
    total.set((total.get() ?? 0) + order.amount)
    const before = closesAt.get()
    if (before !== undefined) context.timers.deleteEventTime(before)
    const closing = (context.timestamp ?? 0) + 10 * minute
    closesAt.set(closing)
    context.timers.registerEventTime(closing)
  },
  *onTimer(_timestamp, { total, closesAt }, { key }) {
    yield `${key} spent ${total.get()}`
    total.clear()
    closesAt.clear()
  },
}

const operators = (orders: HarnessStream<Order>): HarnessStream<string> =>
  orders.keyBy(({ user }) => user).process('baskets', baskets)

test('closes a basket ten minutes after its last order', async () => {
  const harness = await operatorHarness(operators)

  harness.push({ user: 'ann', amount: 3 }, 0)
  harness.push({ user: 'ann', amount: 4 }, 5 * minute)
  harness.watermark(14 * minute)
  expect(harness.takeValues()).toEqual([])

  harness.watermark(15 * minute)
  expect(harness.take()).toEqual([
    { type: 'record', value: 'ann spent 7', timestamp: 15 * minute },
    { type: 'watermark', timestamp: 15 * minute },
  ])
})

test('puts refunds aside', async () => {
  const harness = await operatorHarness(operators)

  harness.push({ user: 'ann', amount: -3 })

  expect(harness.takeSide(refunds)).toEqual([{ user: 'ann', amount: -3 }])
})

test('goes on after a crash', async () => {
  const first = await operatorHarness(operators)
  first.push({ user: 'ann', amount: 3 }, 0)
  const snapshot = await first.snapshot()
  await first.close()

  const second = await operatorHarness(operators, { restore: snapshot })
  second.push({ user: 'ann', amount: 4 }, minute)
  await second.endInput()

  expect(second.takeValues()).toEqual(['ann spent 7'])
})
