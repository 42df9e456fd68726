import type { DataStream } from '../../src/index.ts'

interface Order {
  readonly id: number
  readonly customer: string
}

interface Customers {
  /** Rejects when the service is away for a moment. */
  find(name: string, signal: AbortSignal): Promise<string>
}

/** Adds the country of the customer to each order. */
export function withCountry(
  orders: DataStream<Order, 'exactly-once'>,
  customers: Customers,
): DataStream<string, 'exactly-once'> {
  return orders.mapAsync(
    'country',
    async ({ id, customer }, { signal }) => {
      const country = await customers.find(customer, signal)
      return `${id}: ${country}`
    },
    {
      timeoutMs: 2000,
      capacity: 50,
      retry: { attemptsMax: 3, delayMs: 100, backoff: 2 },
      onTimeout: ({ id }) => `${id}: unknown`,
    },
  )
}
