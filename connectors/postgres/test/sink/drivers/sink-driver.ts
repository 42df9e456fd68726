import { assert } from '@flinkts/core/connector'
import { type PostgresConnection, sharedPostgres } from '@flinkts/test-services'
import type {
  JsonValue,
  KitRecord,
  SinkCapabilities,
  SinkDriver,
  VisibleRecord,
} from '@flinkts/testkit'
import { postgresDriver } from '../../../src/client.ts'
import type { PostgresSinkMode, RowChange } from '../../../src/index.ts'
import { postgresSinkOver } from '../../../src/sink/sink.ts'
import { query, terminateConnections, versions } from '../../support/kit-database.ts'

/** A database, by its connection. */
export type Target = {
  readonly [Name in keyof PostgresConnection]: PostgresConnection[Name] & JsonValue
}

/** What differs between the sinks that are tested. */
export interface TestedSink {
  readonly mode: PostgresSinkMode
  readonly capabilities: SinkCapabilities
}

/** A driver for the conformance kit: a database for each target. */
export function sinkDriver({ mode, capabilities }: TestedSink, module: string): SinkDriver<Target> {
  const byKey = capabilities.deletes
  return {
    name: `postgres sink, ${mode}${byKey && mode !== 'upsert' ? ' by key' : ''}`,
    module,
    capabilities,
    versions,
    async setup() {
      const { connection } = await (await sharedPostgres()).createDatabase()
      await query(
        connection,
        `CREATE TABLE records (place bigserial, id text NOT NULL, split int4 NOT NULL,
           seq int4 NOT NULL, payload text NOT NULL, PRIMARY KEY (${byKey ? 'id' : 'place'}))`,
      )
      return connection
    },
    createSink: ({ host, port, user, password, database }) =>
      postgresSinkOver<KitRecord>(postgresDriver, {
        mode,
        connection: { host, port, user, password, database },
        table: 'records',
        write: byKey ? changeOf : insertOf,
      }),
    readCommitted: (target) =>
      query<VisibleRecord>(target, 'SELECT id, split, seq, payload FROM records ORDER BY place'),
    listInFlight: async (target) => [
      ...(await preparedIn(target)),
      ...(await stagedIn(target)).map((name) => `staged ${name}`),
    ],
    async removePrepared(target) {
      for (const name of await preparedIn(target))
        await query(target, `ROLLBACK PREPARED '${name}'`)
      if (await hasStaging(target)) await query(target, 'DELETE FROM flinkts_staging')
    },
    killConnections: terminateConnections,
    async clean(target) {
      await terminateConnections(target)
      await this.removePrepared?.(target)
      const { database } = target
      assert(/^\w+$/.test(database), 'the name of a database of the tests needs no quotes')
      await (await sharedPostgres()).query(`DROP DATABASE "${database}" WITH (FORCE)`)
    },
  }
}

function changeOf({ operation, ...row }: KitRecord): RowChange {
  const { id } = row
  return operation === 'delete' ? { operation, key: { id } } : { operation: 'upsert', row }
}

function insertOf({ operation: _write, ...row }: KitRecord): RowChange {
  return { operation: 'insert', row }
}

/** What the modes that hold rows back promise. */
export const heldBack: Omit<SinkCapabilities, 'mechanism'> = {
  guarantee: 'exactly-once',
  visibility: 'on-commit',
  fencing: 'on-takeover',
  deletes: false,
  order: 'per-split',
  maxPreparedAgeMs: Number.POSITIVE_INFINITY,
}

async function stagedIn(target: Target): Promise<readonly string[]> {
  if (!(await hasStaging(target))) return []
  const rows = await query<{ name: string }>(
    target,
    'SELECT DISTINCT transaction AS name FROM flinkts_staging ORDER BY name',
  )
  return rows.map(({ name }) => name)
}

async function hasStaging(target: Target): Promise<boolean> {
  const [row] = await query<{ found: boolean }>(
    target,
    `SELECT to_regclass('public.flinkts_staging') IS NOT NULL AS found`,
  )
  return row?.found === true
}

async function preparedIn(target: Target): Promise<readonly string[]> {
  const rows = await query<{ gid: string }>(
    target,
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY gid',
  )
  return rows.map(({ gid }) => gid)
}
