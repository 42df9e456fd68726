/** Keeps changing the two tables, from several connections at a time, in every way that SQL has. */
import { setTimeout as delay } from 'node:timers/promises'
import { Client, DatabaseError } from 'pg'
import { Random } from './random.ts'

export interface WorkloadOptions {
  readonly url: string
  readonly seed: number
  /** Called when the workload cannot go on. */
  readonly onFailure: (error: unknown) => void
}

export interface WorkloadCounts {
  readonly transactions: number
  readonly rolledBack: number
}

export interface Workload {
  /** Lets running transactions end; then nothing changes any more. */
  stop(): Promise<WorkloadCounts>
}

const connectionCount = 3
/** All connections together; the machine may be slower. */
const changesPerSecondMax = 2_000

/** Starts the workload. */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  const writers = Array.from(
    { length: connectionCount },
    (_, index) => new Writer(options.url, new Random(options.seed + index)),
  )
  await Promise.all(writers.map((writer) => writer.connect()))
  const running = Promise.all(writers.map((writer) => writer.run()))
  running.catch(options.onFailure)
  return {
    async stop() {
      for (const writer of writers) writer.stop()
      await running
      await Promise.all(writers.map((writer) => writer.close()))
      return {
        transactions: sum(writers.map(({ transactions }) => transactions)),
        rolledBack: sum(writers.map(({ rolledBack }) => rolledBack)),
      }
    },
  }
}

/** One connection: one transaction after the other, not faster than its share of the pace. */
class Writer {
  transactions = 0
  rolledBack = 0
  readonly #client: Client
  readonly #random: Random
  #stopped = false

  constructor(url: string, random: Random) {
    this.#client = new Client({ connectionString: url, application_name: 'workload' })
    // A lost connection fails the query that runs; between queries nobody misses it.
    this.#client.on('error', () => undefined)
    this.#random = random
  }

  async connect(): Promise<void> {
    await this.#client.connect()
  }

  async run(): Promise<void> {
    const changesPerMs = changesPerSecondMax / connectionCount / 1000
    let dueAt = performance.now()
    while (!this.#stopped) {
      const changes = await this.#transaction(pick(this.#random))
      dueAt = Math.max(dueAt, performance.now() - 100) + changes / changesPerMs
      const waitMs = dueAt - performance.now()
      if (waitMs > 1) await delay(waitMs)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async close(): Promise<void> {
    await this.#client.end()
  }

  /** Gives the number of rows that were changed, committed or not. */
  async #transaction(statements: readonly string[]): Promise<number> {
    let changes = 0
    try {
      for (const statement of statements) {
        const { rowCount } = await this.#client.query(this.#filledIn(statement))
        changes += rowCount ?? 0
      }
      this.transactions += 1
      if (statements.at(-1) === 'rollback') this.rolledBack += 1
    } catch (error) {
      if (!isExpected(error)) throw error
      await this.#client.query('rollback')
      this.rolledBack += 1
    }
    return changes
  }

  /** `$any` is a fraction, chosen anew at each place; `$few` a small number. */
  #filledIn(statement: string): string {
    return statement
      .replaceAll('$any', () => this.#random.fraction().toFixed(9))
      .replaceAll('$few', () => String(this.#random.between(2, 12)))
  }
}

/**
 * Writers that meet: one was chosen to give way, or the customer is gone or has been renumbered.
 */
function isExpected(error: unknown): boolean {
  return error instanceof DatabaseError && ['40P01', '23503', '23505'].includes(error.code ?? '')
}

/** A customer or an order that exists, anyone: the first at or after a random place. */
const someId = (table: string): string =>
  `(select id from ${table}
    where id >= ($any * (select max(id) from ${table}))::bigint order by id limit 1)`
const someCustomer = someId('customers')
const someOrder = someId('orders')

const insertOrder = `
  insert into orders (customer_id, amount, tracking_number, note, tags)
  values (${someCustomer}, round($any::numeric * 1000, 2), ($any::numeric * 9e18)::bigint,
          'left at the "door"', array['gift', null, '\\ü'])`
const insertOrders = `
  insert into orders (customer_id, status, amount, placed_at)
  select c.id, 'paid', round($any::numeric * n, 2), clock_timestamp()
  from (select ${someCustomer} as id) c, generate_series(1, $few) n`
const insertCustomer = `
  insert into customers (name, credit_limit) values ('new customer', round($any::numeric * 500, 2))`
const pay = `update orders set status = 'paid' where id = ${someOrder}`
const changeAmount = `update orders set amount = amount + 0.01 where id = ${someOrder}`
const raiseAll = `update orders set amount = amount * 1.01 where customer_id = ${someCustomer}`
const cancel = `update orders set status = 'cancelled', note = null where id = ${someOrder}`
const handOver = `update orders set customer_id = ${someCustomer} where id = ${someOrder}`
const renumberOrder = `update orders set id = nextval('orders_id_seq') where id = ${someOrder}`
const renumberCustomer = `
  update customers set id = nextval('customers_id_seq') where id = ${someCustomer}`
const touchCustomer = `
  update customers set vip = not vip, updated_at = clock_timestamp() where id = ${someCustomer}`
const newProfile = `
  update customers set profile = repeat(md5('$any'), $few) where id = ${someCustomer}`
const deleteOrder = `delete from orders where id = ${someOrder}`
const deleteOrders = `
  delete from orders where id in (select id from orders where id >= ${someOrder} limit $few)`
const deleteCustomer = `delete from customers where id = ${someCustomer}`

interface Kind {
  /** How often, in relation to the others. */
  readonly weight: number
  readonly statements: readonly string[]
}

const kinds: readonly Kind[] = [
  { weight: 20, statements: [insertOrder] },
  { weight: 10, statements: [insertOrders] },
  { weight: 20, statements: [pay] },
  { weight: 10, statements: [changeAmount] },
  { weight: 5, statements: [raiseAll] },
  { weight: 8, statements: [cancel] },
  { weight: 4, statements: [handOver] },
  { weight: 2, statements: [renumberOrder] },
  { weight: 1, statements: [renumberCustomer] },
  { weight: 10, statements: [touchCustomer] },
  { weight: 2, statements: [newProfile] },
  { weight: 12, statements: [deleteOrder] },
  { weight: 6, statements: [deleteOrders] },
  { weight: 1, statements: [deleteCustomer] },
  { weight: 8, statements: ['begin', insertCustomer, insertOrders, touchCustomer, pay, 'commit'] },
  { weight: 5, statements: ['begin', insertOrders, deleteOrder, raiseAll, 'rollback'] },
  {
    weight: 5,
    statements: ['begin', pay, 'savepoint s', insertOrders, 'rollback to s', deleteOrder, 'commit'],
  },
]

function pick(random: Random): readonly string[] {
  let left = random.below(sum(kinds.map(({ weight }) => weight)))
  const kind = kinds.find(({ weight }) => (left -= weight) < 0)
  return kind?.statements ?? [insertOrder]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
