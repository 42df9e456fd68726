import { randomBytes } from 'node:crypto'
import { Client, type QueryResultRow } from 'pg'
import {
  type Address,
  type ServerControl,
  type ServerRun,
  type Service,
  shareServer,
  startServer,
} from './container.ts'
import { eventually, within } from './eventually.ts'
import type { ServiceImage } from './images.ts'

/** How to reach a database, in the words of the driver. @internal */
export interface PostgresConnection extends Address {
  readonly user: string
  readonly password: string
  readonly database: string
}

/** A way to ask a database. @internal */
export interface PostgresQueries {
  readonly connection: PostgresConnection
  /** Runs one statement on a connection of its own, as a superuser. */
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

/** A database that a test has to itself. @internal */
export interface PostgresDatabase extends PostgresQueries, AsyncDisposable {
  /**
   * Removes the database with its connections, replication slots and prepared transactions. May be
   * repeated. `await using` calls it.
   */
  drop(): Promise<void>
}

/** A server that tests share: separate by database. @internal */
export interface SharedPostgres extends PostgresQueries {
  /** Creates an empty database. Unless told, its name is unique: `t_` and 12 hexadecimal digits. */
  createDatabase(name?: string): Promise<PostgresDatabase>
}

/** A server that a test has to itself. @internal */
export interface PostgresServer extends SharedPostgres, ServerControl {}

/** @internal */
export interface PostgresOptions {
  /** Server settings, over the defaults (`postgresDefaults`). */
  readonly settings?: Readonly<Record<string, string>>
}

/** The settings of every server unless told otherwise. @internal */
export const postgresDefaults: Readonly<Record<string, string>> = Object.freeze({
  wal_level: 'logical',
  max_prepared_transactions: '64',
  max_replication_slots: '64',
  max_wal_senders: '64',
  max_connections: '200',
})

/** @internal */
export const postgresImage: ServiceImage = {
  name: 'postgres',
  recipe: 'postgres',
  official: 'postgres:17-alpine',
  debianPackages: ['postgresql'],
}

const memoryDirectory = '/memory'
const login = { user: 'test', password: 'test', database: 'test' } as const
const connectTimeoutMs = 5_000
const queryTimeoutMs = 30_000
const closeTimeoutMs = 2_000
const dropTimeoutMs = 15_000

/**
 * Starts a server of one's own, to kill, freeze or configure. Without such needs, `sharedPostgres`
 * is much quicker.
 * @internal
 */
export async function startPostgres({
  settings = {},
}: PostgresOptions = {}): Promise<PostgresServer> {
  const { address, control } = await startServer(postgresService(settings))
  return { ...databases(address, 'wal_log'), ...control }
}

/**
 * The server that all tests of a run share; the first call starts it. Its data lie in memory: on a
 * disk, databases that come and go cost several times what is done in them.
 * @internal
 */
export async function sharedPostgres(): Promise<SharedPostgres> {
  const service = postgresService(
    { fsync: 'off', max_wal_size: '256MB' },
    { PGDATA: `${memoryDirectory}/data` },
  )
  const { address } = await shareServer({ ...service, memoryDirectory })
  return databases(address, 'file_copy')
}

function postgresService(
  settings: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Service {
  const entries = Object.entries({ ...postgresDefaults, ...settings })
  const run: ServerRun = {
    port: 5432,
    environment: {
      POSTGRES_USER: login.user,
      POSTGRES_PASSWORD: login.password,
      POSTGRES_DB: login.database,
      ...environment,
    },
    command: ['postgres', ...entries.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
  }
  return {
    image: postgresImage,
    run: () => run,
    // A login over TCP says more than pg_isready: the server accepts connections before it takes
    // logins, and while it creates its files it listens on a local socket only.
    probe: async (address) => {
      await runQuery({ ...login, ...address }, 'select 1')
    },
  }
}

/** How a new database is made: a copy of files syncs the whole server, and is small work itself. */
type CopyStrategy = 'file_copy' | 'wal_log'

function databases(address: Address, strategy: CopyStrategy): SharedPostgres {
  const connection = { ...login, ...address }
  return {
    ...queries(connection),
    async createDatabase(name = `t_${randomBytes(6).toString('hex')}`) {
      await runQuery(
        connection,
        `create database ${quoted(name)} template template0 strategy ${strategy}`,
      )
      const drop = () => dropDatabase(connection, name)
      return {
        ...queries({ ...connection, database: name }),
        drop,
        [Symbol.asyncDispose]: drop,
      }
    },
  }
}

function queries(connection: PostgresConnection): PostgresQueries {
  return { connection, query: (sql, values) => runQuery(connection, sql, values) }
}

async function runQuery<Row extends QueryResultRow>(
  connection: PostgresConnection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new Client({
    ...connection,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
  })
  // A connection that breaks fails the call that is running; unheard, it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<Row>(sql, [...values])).rows
  } finally {
    // A frozen server never answers the farewell, and what was read does not depend on it.
    await within('the connection to close', closeTimeoutMs, client.end()).catch(() => undefined)
  }
}

async function dropDatabase(admin: PostgresConnection, name: string): Promise<void> {
  const found = await runQuery(admin, 'select from pg_database where datname = $1', [name])
  if (found.length === 0) return
  // Clients that reconnect can take a slot again in the middle of it: repeat.
  await eventually(`the database "${name}" to be dropped`, () => tryDropDatabase(admin, name), {
    timeoutMs: dropTimeoutMs,
  })
}

async function tryDropDatabase(admin: PostgresConnection, name: string): Promise<void> {
  await runQuery(
    admin,
    'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1',
    [name],
  )
  await runQuery(
    admin,
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1',
    [name],
  )
  const prepared = await runQuery<{ rollback: string }>(
    admin,
    `select format('rollback prepared %L', gid) as rollback
       from pg_prepared_xacts where database = $1`,
    [name],
  )
  for (const { rollback } of prepared) await runQuery({ ...admin, database: name }, rollback)
  await runQuery(admin, `drop database if exists ${quoted(name)} with (force)`)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
