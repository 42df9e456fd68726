import { broadcastState, type DataStream, valueState } from '../../src/index.ts'

interface Payment {
  readonly account: string
  readonly amount: number
}

interface Limit {
  readonly currency: string
  readonly amount: number
}

/** Reports accounts that spend more than the limit of the moment. */
export function overdrawn(
  payments: DataStream<Payment, 'exactly-once'>,
  limits: DataStream<Limit, 'exactly-once'>,
): DataStream<string, 'exactly-once'> {
  return payments
    .keyBy(({ account }) => account)
    .connect(limits.broadcast({ limits: broadcastState<string, number>() }))
    .process('overdrawn', {
      state: { spent: valueState<number>() },
      process({ account, amount }, { state, broadcast }) {
        const spent = (state.spent.get() ?? 0) + amount
        state.spent.set(spent)
        return spent > (broadcast.limits.get('EUR') ?? Infinity) ? [`${account}: ${spent}`] : []
      },
      processBroadcast({ currency, amount }, { limits: all }) {
        all.set(currency, amount)
      },
    })
}
