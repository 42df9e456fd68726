import type {
  AsyncFunction,
  Finding,
  OpenAsyncFunction,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { PostgresConnection, PostgresQueries } from '@flinkts/test-services'
import { Client } from 'pg'
import type { ConnectionOptions, PostgresLookupOptions, Row } from '../../src/index.ts'
import { postgresLookup } from '../../src/index.ts'
import { RecordingLogger } from './source-harness.ts'
import { subtaskContext } from './subtask-context.ts'

/** What a record becomes, in most tests. */
export type FoundRows = readonly Row[]

type LookedUp = Readonly<Record<string, unknown>>

/** What a test says of the options; the rest is a table `customers` with the key `id`. */
export type LookupOptions = Partial<PostgresLookupOptions<LookedUp, Row, FoundRows>>

/** A lookup of one subtask, and what it counted. */
export class LookupRun implements AsyncDisposable {
  readonly logger: RecordingLogger = new RecordingLogger()
  readonly counts: Map<string, number> = new Map()
  readonly #function: AsyncFunction<LookedUp, FoundRows>
  #open: OpenAsyncFunction<LookedUp, FoundRows> | undefined

  constructor({ connection }: PostgresQueries, options: LookupOptions = {}) {
    this.#function = postgresLookup<LookedUp, FoundRows>({
      connection: connectionOf(connection),
      table: 'customers',
      key: { id: 'customer' },
      columns: ['name'],
      result: (_record, rows) => rows,
      ...options,
    })
  }

  /** Opens it. */
  static async of(database: PostgresQueries, options: LookupOptions = {}): Promise<LookupRun> {
    const run = new LookupRun(database, options)
    await run.open()
    return run
  }

  async open(): Promise<void> {
    this.#open = await this.#function.open(this.#context)
  }

  /** The rows of a record; of a key, unless the record says more. */
  async find(
    record: LookedUp | number,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<FoundRows> {
    const value = typeof record === 'number' ? { customer: record } : record
    return (await this.#open?.call(value, { signal, attempt: 1 })) ?? []
  }

  preflight(): Promise<readonly Finding[]> {
    const place = { operatorId: 'customers', jobName: 'shop', parallelism: 1 }
    const { signal } = new AbortController()
    return this.#function.preflight?.({ ...place, signal }) ?? Promise.resolve([])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.close()
  }

  get #context(): SubtaskContext {
    return subtaskContext({
      operatorId: 'customers',
      logger: this.logger,
      metrics: {
        counter: (name) => ({
          add: (count = 1) => this.counts.set(name, (this.counts.get(name) ?? 0) + count),
        }),
        gauge: () => {},
      },
    })
  }
}

export function connectionOf(connection: PostgresConnection): ConnectionOptions {
  const { host, port, user, password, database } = connection
  return { host, port, user, password, database }
}

/** Keeps everyone else from reading a table, until it is released. */
export async function lockTable(
  { connection }: PostgresQueries,
  table: string,
): Promise<{ release(): Promise<void> }> {
  const client = new Client({ ...connection })
  // If the test fails, the database goes first.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin')
  await client.query(`lock table ${table} in access exclusive mode`)
  return { release: () => client.end() }
}

/** The processes of look-ups that wait for a lock. */
export async function waitingLookups(database: PostgresQueries): Promise<readonly number[]> {
  const rows = await database.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database()
      and application_name like 'flinkts/%/lookup' and wait_event_type = 'Lock'`,
  )
  return rows.map(({ pid }) => pid)
}
