import { readFile } from 'node:fs/promises'
import { defined } from '@flinkts/core/connector'
import { type PostgresConnection, sharedPostgres } from '@flinkts/test-services'
import { Client, type QueryResultRow } from 'pg'

/** What the drivers for the conformance kit do with databases, without the connector. */

type Login = Pick<PostgresConnection, 'host' | 'port' | 'user' | 'password' | 'database'>

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
  { host, port, user, password, database }: Login,
  action: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ host, port, user, password, database })
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
