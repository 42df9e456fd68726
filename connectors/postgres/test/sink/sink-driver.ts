import { readFile } from 'node:fs/promises'
import { assert, defined } from '@flinkts/core/connector'
import { type PostgresConnection, sharedPostgres } from '@flinkts/test-services'
import type { JsonValue, KitRecord, SinkDriver, VisibleRecord } from '@flinkts/testkit'
import { Client, type QueryResultRow } from 'pg'
import { postgresSink } from '../../src/index.ts'

/** A database, by its connection. */
type Target = { readonly [Name in keyof PostgresConnection]: PostgresConnection[Name] & JsonValue }

/** The sink with prepared transactions for the conformance kit: a database for each target. */
export const driver: SinkDriver<Target> = {
  name: 'postgres sink, twoPhase',
  module: import.meta.url,
  capabilities: {
    guarantee: 'exactly-once',
    mechanism: '2pc',
    visibility: 'on-commit',
    fencing: 'on-takeover',
    deletes: false,
    order: 'per-split',
    maxPreparedAgeMs: Number.POSITIVE_INFINITY,
  },
  async versions() {
    const server = await sharedPostgres()
    const [row] = await server.query<{ version: string }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
    )
    const { version } = defined(row, 'a server has a version')
    return { '@flinkts/postgres': await ownVersion(), PostgreSQL: version }
  },
  async setup() {
    const { connection } = await (await sharedPostgres()).createDatabase()
    await query(
      connection,
      `CREATE TABLE records (place bigserial PRIMARY KEY, id text NOT NULL, split int4 NOT NULL,
         seq int4 NOT NULL, payload text NOT NULL)`,
    )
    return connection
  },
  createSink: ({ host, port, user, password, database }) =>
    postgresSink<KitRecord>({
      mode: 'twoPhase',
      connection: { host, port, user, password, database },
      table: 'records',
      columns: { id: 'id', split: 'split', seq: 'seq', payload: 'payload' },
    }),
  readCommitted: (target) =>
    query<VisibleRecord>(target, 'SELECT id, split, seq, payload FROM records ORDER BY place'),
  listInFlight: preparedIn,
  async removePrepared(target) {
    for (const name of await preparedIn(target)) await query(target, `ROLLBACK PREPARED '${name}'`)
  },
  async killConnections(target) {
    await query(
      target,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
  },
  async clean(target) {
    await this.killConnections?.(target)
    await this.removePrepared?.(target)
    const { database } = target
    assert(/^\w+$/.test(database), 'the name of a database of the tests needs no quotes')
    await (await sharedPostgres()).query(`DROP DATABASE "${database}" WITH (FORCE)`)
  },
}

async function preparedIn(target: Target): Promise<readonly string[]> {
  const rows = await query<{ gid: string }>(
    target,
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY gid',
  )
  return rows.map(({ gid }) => gid)
}

/** Runs a statement with the plain driver, on a connection of its own. */
async function query<Row extends QueryResultRow>(
  { host, port, user, password, database }: Target,
  statement: string,
): Promise<readonly Row[]> {
  const client = new Client({ host, port, user, password, database })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
