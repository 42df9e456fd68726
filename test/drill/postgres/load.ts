import { setTimeout as delay } from 'node:timers/promises'
import { type Prng, randomBelow, SeededPrng } from '@flinkts/core/testing'
import type { PostgresConnection } from '@flinkts/test-services'
import { Client } from 'pg'

const connectionCount = 3
const statementsMax = 8
const pauseMsMax = 25
/** One transaction in so many changes many rows: enough for a checkpoint to cut it. */
const largeEach = 100
const largeRows = 5_000
/** One in so many is rolled back. */
const rollbackEach = 10

/**
 * Transactions that insert, update and delete accounts, some of them large and some rolled back, on
 * several connections, until it is stopped. A seed repeats what they do, not how they interleave.
 */
export class Load {
  readonly #writers: readonly Promise<void>[]
  readonly #stopping = new AbortController()
  #transactions = 0

  /** @param rows - Ids from 1 to a fifth more than these are written. */
  constructor(
    connection: PostgresConnection,
    { seed, rows }: { readonly seed: number; readonly rows: number },
  ) {
    this.#writers = Array.from({ length: connectionCount }, (_, index) =>
      this.#write(connection, new Accounts(new SeededPrng(seed * connectionCount + index), rows)),
    )
    // A failure is told by `stop`.
    for (const writer of this.#writers) writer.catch(() => undefined)
  }

  /** Resolves with the number of transactions when the last of them has ended. */
  async stop(): Promise<number> {
    this.#stopping.abort()
    await Promise.all(this.#writers)
    return this.#transactions
  }

  async #write(connection: PostgresConnection, accounts: Accounts): Promise<void> {
    const client = new Client({ ...connection })
    // What breaks fails the statement that runs; unheard, it would end the process.
    client.on('error', () => undefined)
    await client.connect()
    try {
      while (!this.#stopping.signal.aborted) {
        await runTransaction(client, accounts.transaction())
        this.#transactions += 1
        await delay(accounts.pauseMs())
      }
    } finally {
      await client.end()
    }
  }
}

interface Statement {
  readonly sql: string
  readonly values: readonly unknown[]
}

async function runTransaction(client: Client, statements: readonly Statement[]): Promise<void> {
  await client.query('begin')
  try {
    for (const { sql, values } of statements) await client.query(sql, [...values])
  } catch (error) {
    if (!isDeadlock(error)) throw error
    await client.query('rollback')
  }
}

/** Rows that are updated together are locked in no order of ours. */
function isDeadlock(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '40P01'
}

/** Chooses what is done to the accounts. */
class Accounts {
  readonly #prng: Prng
  readonly #rows: number

  constructor(prng: Prng, rows: number) {
    this.#prng = prng
    this.#rows = rows
  }

  pauseMs(): number {
    return randomBelow(this.#prng, pauseMsMax)
  }

  transaction(): readonly Statement[] {
    const end = randomBelow(this.#prng, rollbackEach) === 0 ? 'rollback' : 'commit'
    return [...this.#changes(), { sql: end, values: [] }]
  }

  #changes(): readonly Statement[] {
    if (randomBelow(this.#prng, largeEach) === 0) return [this.#largeUpdate()]
    const count = 1 + randomBelow(this.#prng, statementsMax)
    const ids = Array.from({ length: count }, () => this.#id())
    return ids.map((id) => this.#change(id))
  }

  #largeUpdate(): Statement {
    const first = this.#id()
    return {
      sql: 'update accounts set balance = balance + 1 where id between $1 and $2',
      values: [first, first + largeRows],
    }
  }

  #change(id: number): Statement {
    const cents = randomBelow(this.#prng, 1_000_000)
    const choice = randomBelow(this.#prng, 10)
    if (choice < 6) {
      return {
        sql: 'update accounts set balance = $2, owner = $3 where id = $1',
        values: [id, cents / 100, cents % 7 === 0 ? null : `owner\t${cents}\\\n`],
      }
    }
    if (choice < 8) return { sql: 'delete from accounts where id = $1', values: [id] }
    return {
      sql: `insert into accounts (id, owner, balance) values ($1, 'new', $2)
        on conflict (id) do nothing`,
      values: [id, cents / 100],
    }
  }

  #id(): number {
    return 1 + randomBelow(this.#prng, Math.floor(this.#rows * 1.2))
  }
}
