/**
 * The job, as you would write one: every change of two Postgres tables goes to files, and so does
 * the running revenue of each customer. `npx flinkts run src/job.ts` runs it.
 *
 * It reads its environment: DATABASE_URL, and OUTPUT_DIRECTORY (default `output`).
 */
import { defineJob, valueState } from '@flinkts/core'
import { fileSink } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'
import { type Change, postgresCdc } from '@flinkts/postgres'

const { DATABASE_URL, OUTPUT_DIRECTORY = 'output' } = process.env

export default defineJob('orders', { checkpointIntervalMs: 500 }, (env) => {
  const changes = env.source(
    'changes',
    postgresCdc({ connection: { url: DATABASE_URL }, tables: ['customers', 'orders'] }),
  )

  changes.sinkTo('change-files', files<Change>('changes'))

  changes
    .filter((change) => change.source.table === 'public.orders')
    .flatMap(paymentsOf)
    .keyBy((payment) => payment.customerId)
    .process('revenue', {
      state: { totalCents: valueState<bigint>() },
      *process(payment, { totalCents }) {
        const total = (totalCents.get() ?? 0n) + payment.cents
        totalCents.set(total)
        const { customerId, source } = payment
        yield { customerId, amount: decimal(payment.cents), revenue: decimal(total), source }
      },
    })
    .sinkTo('revenue-files', files<Revenue>('revenue'))
})

/** What the job knows of a row of `orders`; `numeric(12,2)` is a string, with all its digits. */
interface Order {
  readonly customer_id: bigint
  readonly status: string
  readonly amount: string
}

interface Payment {
  readonly customerId: bigint
  readonly cents: bigint
  readonly source: Change['source']
}

interface Revenue {
  readonly customerId: bigint
  /** What a change added; negative if it took away. */
  readonly amount: string
  /** All until then. */
  readonly revenue: string
  readonly source: Change['source']
}

/** A change takes back what the order was worth before, and adds what it is worth after. */
function* paymentsOf({ before, after, source }: Change): Iterable<Payment> {
  const [was, is] = [before as Order | undefined, after as Order | undefined]
  if (was?.status === 'paid') yield { customerId: was.customer_id, cents: -cents(was), source }
  if (is?.status === 'paid') yield { customerId: is.customer_id, cents: cents(is), source }
}

function cents({ amount }: Order): bigint {
  return BigInt(amount.replace('.', ''))
}

function decimal(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(3, '0')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function files<Record>(name: string): ReturnType<typeof fileSink<Record>> {
  return fileSink({ path: `${OUTPUT_DIRECTORY}/${name}`, format: jsonLines<Record>() })
}
