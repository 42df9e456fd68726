import { tumblingEventTimeWindows } from '@flinkts/core'
import { operatorHarness } from '@flinkts/core/testing'

interface Order {
  readonly user: string
  readonly amount: number
}

interface Total {
  readonly user: string
  readonly from: number
  readonly amount: number
}

const harness = await operatorHarness<Order, Total>((orders) =>
  orders
    .keyBy((order) => order.user)
    .window(tumblingEventTimeWindows(60_000))
    .allowedLateness(5_000)
    .aggregate(
      'totals',
      {
        create: () => 0,
        add: (sum, order) => sum + order.amount,
        merge: (one, other) => one + other,
        result: (sum) => sum,
      },
      { window: ({ key, window }, amount) => [{ user: key, from: window.start, amount }] },
    ),
)
harness.push({ user: 'ada', amount: 3 }, 1_000)
harness.push({ user: 'ada', amount: 4 }, 59_999)
harness.push({ user: 'ada', amount: 5 }, 60_000)
harness.watermark(59_999) // the window [0, 60000) is complete: 7
harness.push({ user: 'ada', amount: 1 }, 2_000) // late, but within 5 s: 8
export const totals: readonly Total[] = harness.takeValues()
await harness.close()
