import { type PostgresConnection, sharedPostgres } from '@flinkts/test-services'
import type {
  InvalidOptions,
  JsonValue,
  KitRecord,
  SinkCapabilities,
  SinkDriver,
  VisibleRecord,
} from '@flinkts/testkit'
import { postgresDriver } from '../../../src/client.ts'
import { startProxy, type TcpProxy } from '@flinkts/testkit/proxy'
import type { PostgresSinkMode, PostgresSinkOptions, RowChange } from '../../../src/index.ts'
import { postgresSinkOver } from '../../../src/sink/sink.ts'
import {
  alterTable,
  createRole,
  directly,
  dropWithRole,
  leave,
  loginOf,
  ownRole,
  query,
  quoted,
  terminateConnections,
  uselessLogins,
  versions,
} from '../../support/kit-database.ts'
import {
  defaultedColumns,
  fromJson,
  type JsonValues,
  valueKinds,
  valuesAsJson,
} from '../../support/kit-values.ts'

/** A database and a role of its own, with the table that is written. */
export type Target = {
  readonly [Name in keyof PostgresConnection]: PostgresConnection[Name] & JsonValue
} & {
  /** That of the server itself; the sink goes through a proxy. */
  readonly serverPort: number
  /** In the schema `public`. */
  readonly table: string
}

/** Those of this process, by the name of the database. */
const proxies = new Map<string, TcpProxy>()

/** What differs between the sinks that are tested. */
export interface TestedSink {
  readonly mode: PostgresSinkMode
  readonly capabilities: SinkCapabilities
}

/** A driver for the conformance kit: a database for each target. */
export function sinkDriver({ mode, capabilities }: TestedSink, module: string): SinkDriver<Target> {
  const byKey = capabilities.deletes
  const setupNamed = async (table: string): Promise<Target> => {
    const { connection, query: run } = await (await sharedPostgres()).createDatabase()
    const role = ownRole(connection)
    await run(
      `${createRole(role)}; CREATE TABLE ${quoted(table)} (place bigserial, id text NOT NULL,
         split int4 NOT NULL, seq int4 NOT NULL, payload text NOT NULL,
         ${defaultedColumns}, PRIMARY KEY (${byKey ? 'id' : 'place'}))`,
    )
    const proxy = await startProxy(connection)
    proxies.set(connection.database, proxy)
    return { ...proxy.connection, ...role, serverPort: connection.port, table }
  }
  const options = (target: Target): PostgresSinkOptions<KitRecord> => ({
    mode,
    connection: loginOf(target),
    table: `public.${target.table}`,
    write: byKey ? changeOf : insertOf,
  })
  return {
    name: `postgres sink, ${mode}${byKey && mode !== 'upsert' ? ' by key' : ''}`,
    module,
    capabilities,
    versions,
    setup: () => setupNamed('records'),
    setupNamed,
    unreachable: async (target) =>
      uselessLogins(target).map(({ login, ...why }) => ({
        ...why,
        target: { ...target, ...login },
      })),
    // By key they are the same, and names of both would meet on the server.
    ...(byKey ? {} : { states: new URL(`states/${mode}/`, import.meta.url) }),
    invalidOptions: () => {
      const { table: _table, ...withoutTable } = valid
      const { connection: _connection, ...withoutConnection } = valid
      return [
        mistake('left-out', 'table', withoutTable),
        mistake('left-out', 'connection', withoutConnection),
        mistake('misspelt', 'lockTimeoutMs', { ...valid, lockTimeOutMs: 1_000 }),
        mistake('out-of-range', 'lockTimeoutMs', { ...valid, lockTimeoutMs: 0 }),
        mistake('out-of-range', 'mode', { ...valid, mode: 'exactlyOnce' }),
      ]
    },
    secrets: ({ password }) => [password],
    createSink: (target) => postgresSinkOver<KitRecord>(postgresDriver, options(target)),
    async readCommitted(target) {
      const rows = await query<VisibleRecord & { readonly values: JsonValues }>(
        directly(target),
        `SELECT id, split, seq, coalesce(to_jsonb(r)->>'payload', '') AS payload,
           ${valuesAsJson} AS values FROM ${quoted(target.table)} AS r ORDER BY place`,
      )
      return rows.map((row) => ({ ...row, values: fromJson(row.values) }))
    },
    listInFlight: async (target) => [
      ...(await preparedIn(target)),
      ...(await stagedIn(target)).map((name) => `staged ${name}`),
    ],
    async removePrepared(target) {
      const login = directly(target)
      for (const name of await preparedIn(target)) await query(login, `ROLLBACK PREPARED '${name}'`)
      if (await hasStaging(target)) await query(login, 'DELETE FROM flinkts_staging')
    },
    alterTarget: alterTable,
    killConnections: (target) => terminateConnections(directly(target)),
    async breakConnections({ database }, byteCount) {
      proxies.get(database)?.breakAfter(byteCount)
    },
    async clean(target) {
      const { database } = target
      await proxies.get(database)?.close()
      proxies.delete(database)
      await terminateConnections(directly(target))
      await this.removePrepared?.(target)
      await leave(target)
      await dropWithRole(target)
    },
  }
}

/** Options without a mistake, for a server that nobody asks. */
const valid: PostgresSinkOptions<KitRecord> = {
  connection: { user: 'nobody' },
  mode: 'append',
  table: 'records',
}

function mistake(kind: InvalidOptions['mistake'], option: string, given: object): InvalidOptions {
  const options = given as PostgresSinkOptions<KitRecord>
  return { mistake: kind, option, create: () => postgresSinkOver(postgresDriver, options) }
}

function changeOf(record: KitRecord): RowChange {
  const { id, operation } = record
  if (operation === 'delete') return { operation, key: { id } }
  return { operation: 'upsert', row: rowOf(record) }
}

function insertOf(record: KitRecord): RowChange {
  return { operation: 'insert', row: rowOf(record) }
}

/** Values have a column each. */
function rowOf({ operation: _write, values, ...columns }: KitRecord): object {
  return { ...columns, ...values }
}

/** What the modes that hold rows back promise. */
export const heldBack: Omit<SinkCapabilities, 'mechanism'> = {
  guarantee: 'exactly-once',
  visibility: 'on-commit',
  fencing: 'on-takeover',
  deletes: false,
  order: 'per-split',
  maxPreparedAgeMs: Number.POSITIVE_INFINITY,
  values: valueKinds,
}

async function stagedIn(target: Target): Promise<readonly string[]> {
  if (!(await hasStaging(target))) return []
  const rows = await query<{ name: string }>(
    directly(target),
    'SELECT DISTINCT transaction AS name FROM flinkts_staging ORDER BY name',
  )
  return rows.map(({ name }) => name)
}

async function hasStaging(target: Target): Promise<boolean> {
  const [row] = await query<{ found: boolean }>(
    directly(target),
    `SELECT to_regclass('public.flinkts_staging') IS NOT NULL AS found`,
  )
  return row?.found === true
}

async function preparedIn(target: Target): Promise<readonly string[]> {
  const rows = await query<{ gid: string }>(
    directly(target),
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY gid',
  )
  return rows.map(({ gid }) => gid)
}
