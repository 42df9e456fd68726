import { readFile } from 'node:fs/promises'
import { defined } from '@flinkts/core/connector'
import { type PostgresConnection, sharedPostgres } from '@flinkts/test-services'
import { Client, type QueryResultRow } from 'pg'

/** What the drivers for the conformance kit do with databases, without the connector. */

/** What the connectors need of a connection. */
export type Login = Pick<PostgresConnection, 'host' | 'port' | 'user' | 'password' | 'database'>

/** The fields of a login, of something that has more. */
export function loginOf({ host, port, user, password, database }: Login): Login {
  return { host, port, user, password, database }
}

/** The same database as a role of its own, whose password shows wherever it leaks. */
export function ownRole({ database }: Login): Pick<Login, 'user' | 'password'> {
  return { user: `u_${database}`, password: `canary-${database.toUpperCase()}` }
}

/** The statement that makes the role. */
export function createRole({ user, password }: Pick<Login, 'user' | 'password'>): string {
  return `CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD '${password}'`
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

/** Lends a connection of the plain driver. */
export async function withClient<Result>(
  login: Login,
  action: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(loginOf(login))
  await client.connect()
  try {
    return await action(client)
  } finally {
    await client.end()
  }
}

/** Runs a statement on a connection of its own. */
export function query<Row extends QueryResultRow>(
  login: Login,
  statement: string,
): Promise<readonly Row[]> {
  return withClient(login, async (client) => (await client.query<Row>(statement)).rows)
}

/** Ends all other connections to the database. */
export async function terminateConnections(login: Login): Promise<void> {
  await query(
    login,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  )
}
