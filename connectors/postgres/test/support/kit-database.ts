import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { defined } from '@flinkts/core/connector'
import { type PostgresConnection, sharedPostgres } from '@flinkts/test-services'
import type { SchemaChange } from '@flinkts/testkit'
import { Client, type QueryResultRow } from 'pg'

/** What the drivers for the conformance kit do with databases, without the connector. */

/** What the connectors need of a connection. */
export type Login = Pick<PostgresConnection, 'host' | 'port' | 'user' | 'password' | 'database'>

/** The fields of a login, of something that has more. */
export function loginOf({ host, port, user, password, database }: Login): Login {
  return { host, port, user, password, database }
}

/** The login of the server itself, past the proxy. */
export function directly(target: Login & { readonly serverPort: number }): Login {
  return { ...loginOf(target), port: target.serverPort }
}

/** The same database as a role of its own, whose password shows wherever it leaks. */
export function ownRole({ database }: Login): Pick<Login, 'user' | 'password'> {
  return { user: `u_${database}`, password: `canary-${database.toUpperCase()}` }
}

/** The statement that makes the role. */
export function createRole({ user, password }: Pick<Login, 'user' | 'password'>): string {
  return `CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD '${password}'`
}

/** Changes the schema of the table of a target. */
export async function alterTable(
  target: Login & { readonly serverPort: number; readonly table: string },
  change: SchemaChange,
): Promise<void> {
  const action = change === 'added' ? 'ADD COLUMN more text' : 'DROP COLUMN payload'
  await query(directly(target), `ALTER TABLE ${quoted(target.table)} ${action}`)
}

/** Removes a database and its role. */
export async function dropWithRole({ database, user }: Login): Promise<void> {
  await withClient((await sharedPostgres()).connection, async (client) => {
    await client.query(`DROP DATABASE ${quoted(database)} WITH (FORCE)`)
    await client.query(`DROP ROLE ${quoted(user)}`)
  })
}

/** A name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Ways in which a login does not get in, and whether trying again may help. */
export function uselessLogins({ database, password }: Login): readonly {
  readonly because: string
  readonly login: Partial<Login>
  readonly retryable: boolean
}[] {
  return [
    { because: 'nobody listens', login: { port: 1 }, retryable: true },
    {
      because: 'the password is wrong',
      login: { password: `${password}-wrong` },
      retryable: false,
    },
    {
      because: 'there is no such database',
      login: { database: `${database}_gone` },
      retryable: false,
    },
  ]
}

/** What the reports name. */
export async function versions(): Promise<Readonly<Record<string, string>>> {
  const server = await sharedPostgres()
  const [row] = await server.query<{ version: string }>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
  )
  const { version } = defined(row, 'a server has a version')
  return { '@flinkts/postgres': await ownVersion(), PostgreSQL: version }
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

/** What the connections of the drivers call themselves, in all processes. */
const applicationName = 'flinkts-conformance'

/** The connection of this process to a database. */
interface Session {
  readonly client: Client
  readonly socket: Socket
  readonly connected: Promise<unknown>
  /** The end of what it was lent for last. */
  lent: Promise<unknown>
}

// A connection is the costliest part of most statements here: each database gets one.
const sessions = new Map<string, Session>()

/** Lends a connection of the plain driver; those who want it take turns. */
export async function withClient<Result>(
  login: Login,
  action: (client: Client) => Promise<Result>,
): Promise<Result> {
  const session = sessions.get(login.database) ?? connect(login)
  sessions.set(login.database, session)
  const result = session.lent.then(() => lend(session, action))
  session.lent = result.catch(() => leave(login))
  return result
}

/** Ends the connection of this process, if there is one. */
export async function leave({ database }: Pick<Login, 'database'>): Promise<void> {
  const session = sessions.get(database)
  sessions.delete(database)
  session?.socket.ref()
  await session?.client.end().catch(() => undefined)
}

function connect(login: Login): Session {
  const socket = new Socket()
  const client = new Client({
    ...loginOf(login),
    application_name: applicationName,
    stream: () => socket,
  })
  // One that breaks fails the statement that is running, or the next.
  client.on('error', () => undefined)
  return { client, socket, connected: client.connect(), lent: Promise.resolve() }
}

/** While nobody has it, it holds no process that has nothing else to do. */
async function lend<Result>(
  { client, socket, connected }: Session,
  action: (client: Client) => Promise<Result>,
): Promise<Result> {
  socket.ref()
  try {
    await connected
    return await action(client)
  } finally {
    socket.unref()
  }
}

/** Runs a statement. */
export function query<Row extends QueryResultRow>(
  login: Login,
  statement: string,
): Promise<readonly Row[]> {
  return withClient(login, async (client) => (await client.query<Row>(statement)).rows)
}

/** Ends all connections to the database that are not those of the drivers. */
export async function terminateConnections(login: Login): Promise<void> {
  await query(
    login,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name <> '${applicationName}'`,
  )
}
